/** Devices with a wrong password, and how long each waits after a refusal until it tries again. */
export const devices = 10_000;
export const pauseMs = 10_000;
/** A login with the right password so often. */
export const rightEveryMs = 20;
/** So that the limit grips within the settling time, since a device tries every ten seconds. */
export const limit = { perLogin: 2, periodSeconds: 600 };
export const settlingSeconds = 25;
export const measuredSeconds = 15;
