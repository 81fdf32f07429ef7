/** The rate of all samples inside hearken: front ends, networks and streams work at 16 kHz. */
export const SAMPLE_RATE_HZ = 16000;

/** Recordings are accepted from 8 kHz … */
export const LOWEST_SAMPLE_RATE_HZ = 8000;

/** … to 192 kHz. */
export const HIGHEST_SAMPLE_RATE_HZ = 192000;
