import History

/// How large an execution is, and what happens in it how often.
struct ExecutionShape {
    var clients = 4
    var operations = 120
    var resources = 6
    /// Commands whose answer is lost, in percent.
    var ambiguousPercent = 12
    /// Requests that are answered as certainly not executed, in percent.
    var failedPercent = 4
    /// Bundles among the grants, in percent.
    var bundlePercent = 20
    /// How often the slot moves on before a request, in percent, and how far at most.
    var slotPercent = 15
    var longestSlotStep = 2
    var longestTTL = 8
    /// Whether commands of clients may come between the expiries of one tick.
    var interleavesTicks = false
    /// Whether ambiguous commands are retried until somebody knows.
    var resolves = true
    var limits = ClusterLimits(
        maxResources: 8, maxReservations: 40, maxBundleSize: 3, maxOperations: 400,
        maxTTL: SlotCount(12), clientRetryWindow: SlotCount(20),
        reservationHistoryWindow: SlotCount(6), maxExpirationBucketLength: 20,
        maxExpirationsPerTick: 4)

    /// A different kind of execution for each seed, so that a few thousand of them see every
    /// limit of the allocator from both sides.
    static func varied(_ seed: UInt64) -> ExecutionShape {
        var shape = ExecutionShape()
        shape.interleavesTicks = seed % 2 == 0
        switch seed % 8 {
        case 1:  // Leases and answers are forgotten soon.
            shape.limits.maxTTL = SlotCount(4)
            shape.limits.clientRetryWindow = SlotCount(2)
            shape.limits.reservationHistoryWindow = SlotCount(2)
            shape.longestTTL = 4
            shape.slotPercent = 30
        case 2:  // Full tables.
            shape.resources = 10
            shape.limits.maxReservations = 5
            shape.longestTTL = 3
            shape.limits.maxExpirationBucketLength = 1
        case 3:  // Everybody wants the same.
            shape.resources = 2
            shape.clients = 8
            shape.operations = 90
        case 4:  // Hardly anything is answered.
            shape.ambiguousPercent = 35
            shape.failedPercent = 10
            shape.operations = 80
        case 5:  // Mostly bundles.
            shape.bundlePercent = 80
        case 6:  // Nearly everything that is granted expires.
            shape.longestTTL = 2
            shape.slotPercent = 40
            shape.limits.maxExpirationsPerTick = 2
        case 7:  // Few operations are remembered.
            shape.limits.maxOperations = 20
            shape.limits.maxTTL = SlotCount(5)
            shape.limits.clientRetryWindow = SlotCount(3)
            shape.limits.reservationHistoryWindow = SlotCount(4)
            shape.longestTTL = 5
            shape.slotPercent = 35
        default: break
        }
        return shape
    }
}
