/// The bounds of one allocator (lease-kernel.md 3). Checked once, when a kernel is created or
/// restored.
public struct KernelConfiguration: Hashable, Sendable {
    public var shardID: UInt64
    public var maxResources: UInt32
    public var maxReservations: UInt32
    public var maxBundleSize: UInt32
    public var maxOperations: UInt32
    public var maxTTLSlots: UInt64
    public var maxClientRetryWindowSlots: UInt64
    public var reservationHistoryWindowSlots: UInt64
    public var maxExpirationBucketLength: UInt32

    public init(
        shardID: UInt64, maxResources: UInt32, maxReservations: UInt32, maxBundleSize: UInt32,
        maxOperations: UInt32, maxTTLSlots: UInt64, maxClientRetryWindowSlots: UInt64,
        reservationHistoryWindowSlots: UInt64, maxExpirationBucketLength: UInt32
    ) {
        self.shardID = shardID
        self.maxResources = maxResources
        self.maxReservations = maxReservations
        self.maxBundleSize = maxBundleSize
        self.maxOperations = maxOperations
        self.maxTTLSlots = maxTTLSlots
        self.maxClientRetryWindowSlots = maxClientRetryWindowSlots
        self.reservationHistoryWindowSlots = reservationHistoryWindowSlots
        self.maxExpirationBucketLength = maxExpirationBucketLength
    }
}
