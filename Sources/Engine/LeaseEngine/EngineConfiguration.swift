/// The bounds of the engine around one kernel (durability.md 9). None may be zero.
public struct EngineConfiguration: Hashable, Sendable {
    public var maxSubmissionQueue: UInt32
    /// Largest encoded command, in bytes.
    public var maxCommandBytes: UInt64
    public var maxExpirationsPerTick: UInt32

    public init(maxSubmissionQueue: UInt32, maxCommandBytes: UInt64, maxExpirationsPerTick: UInt32)
    {
        self.maxSubmissionQueue = maxSubmissionQueue
        self.maxCommandBytes = maxCommandBytes
        self.maxExpirationsPerTick = maxExpirationsPerTick
    }
}
