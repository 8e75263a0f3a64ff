public import LeaseKernel

/// One node's allocator: kernel, log and snapshot together (durability.md 9). Every command is
/// durable in the log before it is applied and answered; a failed write halts the engine until
/// the next recovery.
public struct Engine {
    public private(set) var kernel: Kernel
    public let configuration: EngineConfiguration
    /// How the engine came to its state.
    public let startup: StartupReport
    /// The snapshot whose frames the log may leave out.
    public internal(set) var activeSnapshotLSN: LSN?

    let storage: any EngineStorage
    let wal: WALFile
    var state: State
    var queue: [QueuedRequest] = []
    /// Asked at every crash point; nil outside simulations.
    public var crashSwitch: CrashSwitch?

    enum State {
        case running(next: LSN)
        /// Every LSN is used. Reads, retries and checkpoints still work (durability.md 9.5).
        case exhausted(last: LSN)
        /// A write failed (durability.md 9.4).
        case halted
    }

    struct QueuedRequest {
        let request: ClientCommand
        /// As received: the log keeps a legacy form as it came.
        let payload: [UInt8]
        let requestSlot: Slot
    }

    init(
        kernel: Kernel, configuration: EngineConfiguration, startup: StartupReport,
        storage: any EngineStorage, wal: WALFile, state: State, crashSwitch: CrashSwitch?
    ) {
        self.kernel = kernel
        self.configuration = configuration
        self.startup = startup
        self.activeSnapshotLSN = startup.loadedSnapshotLSN
        self.storage = storage
        self.wal = wal
        self.state = state
        self.crashSwitch = crashSwitch
    }

    /// Whether new commands are accepted: neither halted nor out of LSNs.
    public var isAcceptingWrites: Bool {
        switch state {
        case .running: true
        case .exhausted, .halted: false
        }
    }

    /// Whether a write failed; reads are refused then as well.
    public var isHalted: Bool {
        switch state {
        case .halted: true
        case .running, .exhausted: false
        }
    }

    /// The LSN of the next command; nil when there is none or the engine is halted.
    public var nextLSN: LSN? {
        switch state {
        case .running(let next): next
        case .exhausted, .halted: nil
        }
    }

    /// Accepted requests that are not processed yet.
    public var queueDepth: Int { queue.count }

    public func metrics(at currentSlot: Slot) -> EngineMetrics {
        EngineMetrics(
            queueDepth: UInt32(queue.count), queueCapacity: configuration.maxSubmissionQueue,
            isAcceptingWrites: isAcceptingWrites, startup: startup,
            activeSnapshotLSN: activeSnapshotLSN, health: kernel.health(at: currentSlot))
    }

    /// Whether a read that asks for `requiredLSN` may be answered (wire-api.md 6). Zero and nil
    /// ask for nothing.
    public func readFence(requiredLSN: LSN?) -> ReadFenceVerdict {
        if isHalted { return .engineHalted }
        guard let requiredLSN, requiredLSN.rawValue > 0 else { return .open }
        if let last = kernel.lastAppliedLSN, requiredLSN <= last { return .open }
        return .notApplied(required: requiredLSN, lastApplied: kernel.lastAppliedLSN)
    }
}

/// Whether a read may be answered.
public enum ReadFenceVerdict: Hashable, Sendable {
    case open
    case engineHalted
    case notApplied(required: LSN, lastApplied: LSN?)
}

/// What an engine found when it started (durability.md 8).
public struct StartupReport: Hashable, Sendable {
    public let kind: StartupKind
    /// Absent without a snapshot and for an empty one.
    public let loadedSnapshotLSN: LSN?
    /// Client and internal frames applied from the log.
    public let replayedFrameCount: UInt32
    public let replayedLastLSN: LSN?

    public init(
        kind: StartupKind, loadedSnapshotLSN: LSN? = nil, replayedFrameCount: UInt32 = 0,
        replayedLastLSN: LSN? = nil
    ) {
        self.kind = kind
        self.loadedSnapshotLSN = loadedSnapshotLSN
        self.replayedFrameCount = replayedFrameCount
        self.replayedLastLSN = replayedLastLSN
    }
}

/// What a node reports about itself (wire-api.md 3.6).
public struct EngineMetrics: Hashable, Sendable {
    public let queueDepth: UInt32
    public let queueCapacity: UInt32
    public let isAcceptingWrites: Bool
    public let startup: StartupReport
    public let activeSnapshotLSN: LSN?
    public let health: HealthMetrics
}

// MARK: - The one path that changes the kernel

extension Engine {
    /// Logs a command, makes it durable, applies it (durability.md 9.2). What the kernel could
    /// never apply is refused before it is logged.
    mutating func commit(_ entry: LogEntry, at requestSlot: Slot) throws(SubmissionError)
        -> AppliedCommand
    {
        let lsn: LSN
        switch state {
        case .halted: throw .engineHalted
        case .exhausted(let last): throw .lsnExhausted(lastApplied: last)
        case .running(let next): lsn = next
        }
        if let refusal = refusal(of: entry, lsn: lsn, requestSlot: requestSlot) { throw refusal }

        try pass(entry.points.beforeAppend)
        do {
            try wal.append(
                WALFrame(
                    lsn: lsn, requestSlot: requestSlot, recordType: entry.recordType,
                    payload: entry.payload))
            try wal.sync()
        } catch {
            state = .halted
            throw .walFile(error)
        }
        try pass(entry.points.afterSync)
        let outcome = try apply(entry, lsn: lsn, requestSlot: requestSlot)
        state = lsn.rawValue == .max ? .exhausted(last: lsn) : .running(next: LSN(lsn.rawValue + 1))
        try pass(entry.points.afterApply)
        return AppliedCommand(lsn: lsn, outcome: outcome, isFromRetryTable: false)
    }

    /// A request slot below the last applied one can never be applied. Reported in the shape the
    /// client protocol has for slots that do not fit, with nothing to add (lease-kernel.md 20).
    func refusal(of entry: LogEntry, lsn: LSN, requestSlot: Slot) -> SubmissionError? {
        let refusal =
            switch entry {
            case .client(let request, _):
                kernel.refusal(of: request, lsn: lsn, requestSlot: requestSlot)
            case .internal(let command, _):
                kernel.refusal(ofInternal: command, lsn: lsn, requestSlot: requestSlot)
            }
        switch refusal {
        case .none: return nil
        case .slotDecreasing: return .slotOverflow(.rewound(requestSlot))
        case .lsnNotIncreasing(_, _), .leaseEpochExhausted(_), .resourceVersionExhausted(_),
            .reservationExists(_), .invariantViolated(_):
            return refusal.map(SubmissionError.refused)
        }
    }

    private mutating func apply(
        _ entry: LogEntry, lsn: LSN, requestSlot: Slot
    ) throws(SubmissionError) -> CommandOutcome {
        do throws(KernelError) {
            switch entry {
            case .client(let request, _):
                return try kernel.apply(request, lsn: lsn, requestSlot: requestSlot).outcome
            case .internal(let command, _):
                return try kernel.applyInternal(
                    command, lsn: lsn, requestSlot: requestSlot
                ).outcome
            }
        } catch {
            // The record is durable but not applied: nothing may follow it.
            state = .halted
            throw .refused(error)
        }
    }

    /// Stops here when a simulation wants it.
    mutating func pass(_ point: CrashPoint) throws(SubmissionError) {
        guard let crashSwitch, crashSwitch(point) else { return }
        state = .halted
        throw .crashInjected(point)
    }
}

/// A command on its way into the log.
enum LogEntry {
    case client(ClientCommand, payload: [UInt8])
    case `internal`(Command, payload: [UInt8])

    var payload: [UInt8] {
        switch self {
        case .client(_, let payload), .internal(_, let payload): payload
        }
    }

    var recordType: WALFrame.RecordType {
        switch self {
        case .client: .clientCommand
        case .internal: .internalCommand
        }
    }

    /// The crash points on its way.
    var points: (beforeAppend: CrashPoint, afterSync: CrashPoint, afterApply: CrashPoint) {
        switch self {
        case .client: (.clientBeforeWALAppend, .clientAfterWALSync, .clientAfterApply)
        case .internal: (.internalBeforeWALAppend, .internalAfterWALSync, .internalAfterApply)
        }
    }
}

extension SlotOverflow {
    /// How a request slot below the last applied one is reported.
    public static func rewound(_ requestSlot: Slot) -> SlotOverflow {
        SlotOverflow(kind: .operationWindow, requestSlot: requestSlot, delta: 0)
    }
}
