/** What is drawn at random, the same for the same seed and number: so a step can be run again, alone. */
export interface Drawing {
  /** From 0 to 1. */
  readonly random: () => number;
  readonly pick: <T>(among: readonly T[]) => T;
}

export function drawing(seed: number, number: number): Drawing {
  const random = randomOf(seed, number);
  return {
    random,
    pick: (among) => {
      const picked = among[Math.floor(random() * among.length)];
      if (picked === undefined) throw new Error('nothing to pick from');
      return picked;
    },
  };
}

/** mulberry32. */
function randomOf(seed: number, number: number): () => number {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b)) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
