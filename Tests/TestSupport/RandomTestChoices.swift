public import Randomness

/// Tests may let the standard library choose: the same seed need not mean the same to every
/// compiler, only to every repetition.
extension SeededRandom: RandomNumberGenerator {}
