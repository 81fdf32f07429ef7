import { describe, expect, it } from 'vitest';
import { hearken } from './fake-io.js';

describe('hearken models', () => {
  it('prints the registry as one JSON value', async () => {
    const { code, stdout, stderr } = await hearken('models', '--json');
    expect([code, stderr]).toEqual([0, '']);
    const rows: { name: string }[] = JSON.parse(stdout);
    // Counts published by the papers' authors.
    expect(rows.find(({ name }) => name === 'bl-resnet-50-a2-b4')).toMatchObject({ parameters: 26_694_568 });
    expect(rows.find(({ name }) => name === 'bc-resnet-1')).toMatchObject({ parameters: 9232 });
    for (const key of ['family', 'macs', 'input', 'twin', 'streamable', 'source'])
      expect(rows.filter((row) => !(key in row))).toEqual([]);
  });

  it('lists every network in a table, speech first', async () => {
    const { stdout } = await hearken('models');
    expect(stdout.indexOf('ghostnet-tiny')).toBeGreaterThan(0);
    expect(stdout.indexOf('bl-resnet-50-a2-b4')).toBeGreaterThan(stdout.indexOf('ghostnet-tiny'));
    expect(stdout).toContain('26,694,568');
  });

  it('counts networks for words as `train` builds them, the fewest MACs of a size first', async () => {
    const { stdout } = await hearken('models', '--domain', 'speech');
    // DS-CNN S on 98 × 40: 49 × 20 positions of 64 channels, a stem of 40 taps, four times 9 taps and 64 channels, a head.
    expect(49 * 20 * 64 * (40 + 4 * (9 + 64)) + 64 * 12).toBe(20_823_808);
    expect(stdout).toMatch(/^ds-cnn-s +ds-cnn +23,180 +20\.8 M/m);
    // MatchboxNet's published 77,214 are for 64 bands and 30 labels.
    expect(77_214 - 24 * (11 + 128) - 18 * (128 + 1)).toBe(71_556);
    expect(stdout).toMatch(/^matchboxnet-3x1x64 +matchboxnet +71,556 /m);
    // 8,613,996 and 2,320,036 by resolution, and 193,712 to choose.
    expect(stdout).toMatch(/^drnet-csp-resnet-tiny +drnet +46,237 +2\.51–8\.81 M/m);
    expect(stdout).toContain('With deltas, 98 × 40 × 3: bl-am-tiny,');
    const section = stdout.slice(stdout.indexOf('tiny, up to'), stdout.indexOf('small, up to'));
    const macs = [...section.matchAll(/ ([\d.]+) M/g)].map(([, number]) => Number(number));
    expect(macs.length).toBeGreaterThan(30);
    expect(macs).toEqual([...macs].sort((a, b) => a - b));
    const json = JSON.parse((await hearken('models', 'ds-cnn-s', '--json')).stdout);
    expect(json[0]).toMatchObject({ input: [49, 10, 1], trained: { input: [98, 40, 1], macs: 20_823_808 } });
  });

  it('keeps its table within 120 columns', async () => {
    const { stdout } = await hearken('models');
    expect(Math.max(...stdout.split('\n').map((line) => [...line].length))).toBeLessThanOrEqual(120);
  });

  it('tells an image network’s own input and labels', async () => {
    const { stdout } = await hearken('models', '--domain', 'image');
    expect(stdout).toMatch(/^ghost-resnet-56 +ghostnet +32×32×3 +10 /m);
    expect(stdout).toMatch(/^resnet-50 +resnet +224×224×3 +1,000 /m);
  });

  it('names set, split, clips and seeds of each accuracy', async () => {
    const { stdout } = await hearken('models', '--family', 'ghostnet');
    expect(stdout).toMatch(/^ghostnet-tiny .* 94\.7 % ×3 .*92\.1 % ×1$/m);
    expect(stdout).toContain('Speech Commands, ten commands and unknown, 1,119 test clips');
    expect(stdout).toContain('Arabic Speech Commands, 40 words, 960 validation clips');
    expect(stdout).toContain('581 validation clips');
    const [row] = JSON.parse((await hearken('models', 'bl-resnet-tiny', '--json')).stdout);
    expect(row.measured.english).toMatchObject({ split: 'test', clips: 1119 });
    expect(row.measured.arabic).toMatchObject({ split: 'validation', clips: 960, accuracies: [939 / 960] });
    const card = (await hearken('models', 'bl-resnet-tiny')).stdout;
    expect(card).toMatch(
      /^measured +94\.2 % \(94\.5, 93\.9, 94\.0\): Speech Commands, .*, 1,119 test clips/m,
    );
  });

  it('tells what `train` makes of a network where that is not what its paper has', async () => {
    const card = async (name: string) => (await hearken('models', name)).stdout;
    expect(await card('ds-cnn-s')).toMatch(
      /^in train +one second is 98 × 40 × 1: 23,180 parameters, 20,823,808 MACs with 12 labels$/m,
    );
    expect(await card('bc-resnet-1')).not.toContain('in train');
    expect(await card('drnet-resnet-50')).toContain('not on one second of sound');
  });

  it('promises no command for streams', async () => {
    expect((await hearken('models', 'bl-am-tiny')).stdout).toMatch(
      /^streams +could, .*no command does so yet$/m,
    );
  });

  it('lists what is asked for alone', async () => {
    const names = async (...filter: string[]) => {
      const { stdout } = await hearken('models', '--json', ...filter);
      return JSON.parse(stdout).map(({ name }: { name: string }) => name);
    };
    const all: {
      domain: string;
      family: string;
      size: string | null;
      trained: { parameters: number } | null;
      name: string;
    }[] = JSON.parse((await hearken('models', '--json')).stdout);
    const wanted = (is: (row: (typeof all)[number]) => boolean) => all.filter(is).map(({ name }) => name);
    expect(await names('--family', 'ghostnet')).toEqual(wanted(({ family }) => family === 'ghostnet'));
    expect(await names('--domain', 'image')).toEqual(wanted(({ domain }) => domain === 'image'));
    expect(await names('--size', 'tiny', '--max-parameters', '45000')).toEqual(
      wanted(({ size, trained }) => size === 'tiny' && trained !== null && trained.parameters <= 45_000),
    );
    const { stdout } = await hearken('models', '--family', 'ds-cnn');
    expect(stdout).toContain('ds-cnn-s');
    expect(stdout).not.toContain('For images');
    expect((await hearken('models', '--max-parameters', '1')).stdout).toBe('No network is like that.\n');
  });

  it('takes for --max-parameters the counts that it shows', async () => {
    const { stdout } = await hearken('models', '--max-parameters', '25000');
    // Its own count is for 35 labels; each of them takes 128 weights and a bias.
    expect(25_147 - (35 - 12) * 129).toBe(22_180);
    expect(stdout).toMatch(/^ghost-25k +\S+ +22,180 /m);
    const shown = [...stdout.matchAll(/^[a-z]\S+ +[a-z]\S* +([\d,]+) +[\d.]+[–\d.]* [MGk]/gm)].map(
      ([, count]) => Number(count.replace(',', '')),
    );
    expect(shown.length).toBeGreaterThan(5);
    expect(Math.max(...shown)).toBeLessThanOrEqual(25_000);
    expect((await hearken('models', '--max-parameters', '22179')).stdout).not.toContain('ghost-25k');
  });

  it('says what its counts leave out, or not', async () => {
    const { stdout } = await hearken('models');
    expect(stdout).toContain('with those of choosing\n');
    expect(stdout).toContain('(--json: `macs` without them, `predictorMacs`)');
    expect((await hearken('models', 'bc-resnet-1', '--layers')).stdout).toContain(
      'one number of the output depends on, gates aside.',
    );
  });

  it.each([
    [['--family', 'ghosts'], '--family: expected one of bc-resnet, ghostnet'],
    [['--size', 'large'], "argument 'large' is invalid"],
    [['--max-parameters', 'few'], 'whole number'],
    [['bc-resnet-1', '--size', 'tiny'], 'are for the list, got bc-resnet-1'],
  ])('refuses %j', async (argv, message) => {
    const { code, stdout, stderr } = await hearken('models', ...argv);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });

  it('shows one network stage by stage, with a sum that is its cost', async () => {
    const { stdout } = await hearken('models', 'bc-resnet-1', '--layers');
    expect(stdout).toMatch(/^stem +98 × 20 × 16 /m);
    expect(stdout).toMatch(/^all +9,232 /m);
    const json = JSON.parse((await hearken('models', 'bc-resnet-1', '--layers', '--json')).stdout);
    expect(json[0].layers.at(-1)).toMatchObject({
      name: 'logits',
      shape: [1, 1, 12],
      parameters: 32 * 12 + 12,
    });
  });

  it('shows a network that chooses part by part, with what one clip costs on each way through', async () => {
    const { stdout } = await hearken('models', 'drnet-resnet-50', '--layers');
    // Published: 4,089,184,256 and 1,077,899,264 MACs by resolution, 290,194,944 of the predictor; 4,907,331 parameters of it.
    expect(stdout).toMatch(/^predictor +4,907,331 +290,194,944 /m);
    expect(stdout).toMatch(/^224 × 224 +\S+ +4,089,184,256 /m);
    expect(stdout).toMatch(/^224 × 224 +4,379,379,200 +4,089,184,256 +290,194,944$/m);
    expect(stdout).toMatch(/^112 × 112 +1,368,094,208 +1,077,899,264 +290,194,944$/m);
    // 112 rows, halved by the convolution and by the maximum behind it.
    expect(stdout).toMatch(/^ {2}r2\.stem +28 × 28 × 64 /m);
    expect(stdout).toMatch(/^all +30,570,603 +\d/m);
  });

  it('sees bands of the input in tenths behind a resize, and whole milliseconds', async () => {
    const { stdout } = await hearken('models', 'drnet-csp-resnet-tiny', '--layers');
    // 98 × 40 to 74 × 30 lets each position see two; three of them lie 98/74 frames and 4/3 bands apart: 4.65 and 4.67.
    expect(stdout).toMatch(/^ {2}r1\.stem .* 66 ms × 4\.7 /m);
    expect(stdout).not.toMatch(/\.\d\d+ +(\d+ )?(conv2d|batchNorm|resize)/);
  });

  it('names the nearest network for one that does not exist', async () => {
    const { code, stdout, stderr } = await hearken('models', 'gostnet-tiny');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toBe(
      'error: Cannot build model: expected a name that `hearken models` lists, such as ghostnet-tiny, got gostnet-tiny\n',
    );
  });

  it('takes --layers without a name for misuse', async () => {
    expect(await hearken('models', '--layers')).toEqual({
      code: 2,
      stdout: '',
      stderr: 'error: --layers needs the name of a network\n',
    });
  });
});
