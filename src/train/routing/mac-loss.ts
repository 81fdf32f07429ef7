/**
 * What a choice of resolutions costs beyond the target: max(0, (E[C] − α) / (C_max − C_min)), C the MACs of a clip's branch.
 * Source: Zhu et al. 2021, equations 8 and 9.
 */
export interface MacLoss {
  /** Times its weight. */
  readonly loss: number;
  /** Of that by a gate of 1 for each route, the same for every clip. */
  readonly gradient: readonly number[];
}

/** `macs` by route, `counts` of clips that went by it, α and the weight η. */
export function macLoss(
  macs: readonly number[],
  counts: readonly number[],
  { target, weight }: { readonly target: number; readonly weight: number },
): MacLoss {
  const clips = counts.reduce((sum, count) => sum + count, 0);
  const mean = macs.reduce((sum, cost, route) => sum + cost * counts[route], 0) / clips;
  const range = Math.max(...macs) - Math.min(...macs);
  if (range === 0 || mean <= target) return { loss: 0, gradient: macs.map(() => 0) };
  return {
    loss: (weight * (mean - target)) / range,
    gradient: macs.map((cost) => (weight * cost) / (range * clips)),
  };
}
