/** Every number that the hourly tests decide by (anomaly-qc.md section 4). Hours are hours of the rule set. */
export const T = {
  neighbor: { learnHours: 48, suspectZ: 6, failZ: 9, excuseZ: 3, jumpZ: 3, jump: 4 },
  bias: { learnHours: 120, suspectZ: 4.3, failZ: 6.5, spreadShare: 0.45, memoryHours: 18, usualHours: 300, clip: 5 },
  place: { leastNeighbors: 5, z: 3.5, floorFactor: 1.8, relativeZ: 4 },
  spread: { learnHours: 120, quiet: 1.8, quietSds: 4, noisy: 1.4, noisySds: 4, jitterHours: 10, jitterClip: 3, noiseShare: 0.5, memoryHours: 24, usualHours: 240 },
  stray: { fromHours: 48, learnHours: 168, memoryHours: 18, usualHours: 300, cap: 9 },
  joint: { least: 0.3, most: 6, common: 0.7, pairFactor: 1.6, stray: 3.6, bias: 2.5, drop: 1.75, quiet: 1.9, shift: 0.15, shiftDrop: 0.8 },
  jump: { hours: 48, leastHours: 24, newsHours: 1, z: 5.2, floorFactor: 1 },
  flat: { leastHours: 6, runFactor: 1.6, runHours: 2, movingShare: 1 },
  agreement: { voters: 2, aloneHours: 36, learnHours: 120, memoryHours: 24, drop: 1.1, dropSds: 4.5, hours: 8, better: 0.25, least: 0.55, shiftedHours: 4, usualHours: 240, clip: 5 },
  offset: { rate: 1 / 40, clip: 4, spreadRate: 1 / 150, flaggedRate: 0.05, suspectRate: 0.2 },
  replay: { suspectNats: 40, capNats: 55, honest: 0.95, least: -6, most: 7, still: 0.3, firstLag: 24 },
  copy: { placeHours: 12, pairs: 12, suspectNats: 40, capNats: 55, hourNats: 6, learnNats: 15, doubtNats: 20, usualHours: 100, twinHours: 18, firstUsual: 0.3, match: 0.93, leastChance: 0.05, mostChance: 0.9, leanHours: 96, leastLean: 0.04, failLean: 0.3, fullMove: 2 },
} as const;
