/// What a record is a record of: the first thing in it.
public struct RunHeader: Hashable, Sendable {
    public var runID: String
    public var workload: String
    public var nemesis: String
    public var testbed: String
    /// All random choices of the run follow from it.
    public var seed: UInt64
    /// Number of clients that work at the same time.
    public var concurrency: UInt32
    /// Wall clock at `RunInstant` 0, in nanoseconds since 1970. A recorder sets it.
    public var startedAt: UInt64
    /// How slots are chosen, in words: what a reader may conclude from the slots of requests.
    public var slotRule: String
    public var toolVersion: String
    public var limits: ClusterLimits
    public var origin: Origin

    /// How the record came about, which decides what can be concluded from it.
    public enum Origin: Hashable, Sendable {
        /// A recorder wrote it, and everything that it saw is in it.
        case recorded
        /// A part of a record. The events keep their sequences, between which others are missing.
        /// `events` is how many the whole record has, nil for one that was cut off.
        case excerpt(of: UInt64?)
        /// Put together from several recordings, by their wall clocks.
        case merged
        /// The part of a record that shows one finding. It can be judged, but never passes.
        case extract(RecordExtract)

        var mayHaveGaps: Bool {
            switch self {
            case .recorded, .merged: false
            case .excerpt, .extract: true
            }
        }

        /// What an extract says about what it leaves out.
        public var extract: RecordExtract? {
            switch self {
            case .recorded, .excerpt, .merged: nil
            case .extract(let extract): extract
            }
        }

        /// Why a record of this origin is not all that happened; nil when it is.
        public var shortcoming: String? {
            switch self {
            case .recorded, .excerpt, .merged: obstacle
            case .extract:
                "this is an extract of a record, made to show one finding: it does not hold all "
                    + "that happened, and never passes"
            }
        }

        /// Why a record of this origin cannot be judged; nil when it can.
        public var obstacle: String? {
            switch self {
            case .recorded, .extract: nil
            case .excerpt:
                "this is an excerpt of a record: what is missing in it may explain what is there"
            case .merged:
                "this was merged from several recordings, whose clocks nobody compared: the order "
                    + "of their events is not known"
            }
        }
    }

    public init(
        runID: String, workload: String, nemesis: String, testbed: String, seed: UInt64,
        concurrency: UInt32, startedAt: UInt64 = 0, slotRule: String, toolVersion: String,
        limits: ClusterLimits, origin: Origin = .recorded
    ) {
        self.runID = runID
        self.workload = workload
        self.nemesis = nemesis
        self.testbed = testbed
        self.seed = seed
        self.concurrency = concurrency
        self.startedAt = startedAt
        self.slotRule = slotRule
        self.toolVersion = toolVersion
        self.limits = limits
        self.origin = origin
    }
}

/// The limits in the layout of the cluster under test, which decide some of its answers
/// (lease-kernel.md 3, cluster-runner.md 3).
public struct ClusterLimits: Hashable, Sendable {
    public var shardID: UInt64
    public var maxResources: UInt32
    public var maxReservations: UInt32
    public var maxBundleSize: UInt32
    public var maxOperations: UInt32
    public var maxTTL: SlotCount
    public var clientRetryWindow: SlotCount
    public var reservationHistoryWindow: SlotCount
    public var maxExpirationBucketLength: UInt32
    public var maxExpirationsPerTick: UInt32

    /// The defaults are those of a layout that names none (wire-api.md 7.9).
    public init(
        shardID: UInt64 = 0, maxResources: UInt32 = 1024, maxReservations: UInt32 = 1024,
        maxBundleSize: UInt32 = 1, maxOperations: UInt32 = 4096,
        maxTTL: SlotCount = SlotCount(256), clientRetryWindow: SlotCount = SlotCount(128),
        reservationHistoryWindow: SlotCount = SlotCount(64),
        maxExpirationBucketLength: UInt32 = 1024, maxExpirationsPerTick: UInt32 = 64
    ) {
        self.shardID = shardID
        self.maxResources = maxResources
        self.maxReservations = maxReservations
        self.maxBundleSize = maxBundleSize
        self.maxOperations = maxOperations
        self.maxTTL = maxTTL
        self.clientRetryWindow = clientRetryWindow
        self.reservationHistoryWindow = reservationHistoryWindow
        self.maxExpirationBucketLength = maxExpirationBucketLength
        self.maxExpirationsPerTick = maxExpirationsPerTick
    }
}
