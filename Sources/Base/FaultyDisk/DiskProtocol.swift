import SystemCalls

/// What a testbed asks of the process that serves a disk: one line for each request and one for
/// each answer, over the process's standard input and output. The end of the input means that the
/// testbed is gone; the process then takes its disk away and ends.
public enum DiskRequest: Hashable, Sendable {
    /// Switches a fault on for at most `lease`. `room` is the number of bytes by which files may
    /// still grow on a full disk.
    case switchOn(DiskFault, leaseMilliseconds: UInt64, room: UInt64)
    case switchOff(DiskFault)
    /// Ends all faults, then loses what was not synced.
    case cutPower(Retention, seed: UInt64)
    case state

    public var line: String {
        switch self {
        case .switchOn(let fault, let lease, let room):
            "on \(fault.rawValue) \(lease) \(room)"
        case .switchOff(let fault): "off \(fault.rawValue)"
        case .cutPower(let retention, let seed): "cut \(retention.rawValue) \(seed)"
        case .state: "state"
        }
    }

    /// Nil when the line is no request.
    public init?(line: String) {
        let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        switch (words.first, words.count) {
        case ("on", 4):
            guard let fault = DiskFault(rawValue: words[1]), let lease = UInt64(words[2]),
                let room = UInt64(words[3])
            else { return nil }
            self = .switchOn(fault, leaseMilliseconds: lease, room: room)
        case ("off", 2):
            guard let fault = DiskFault(rawValue: words[1]) else { return nil }
            self = .switchOff(fault)
        case ("cut", 3):
            guard let retention = Retention(rawValue: words[1]), let seed = UInt64(words[2]) else {
                return nil
            }
            self = .cutPower(retention, seed: seed)
        case ("state", 1): self = .state
        default: return nil
        }
    }
}

/// How a disk is: which faults it has, and how many operations each has hit so far.
public struct DiskState: Hashable, Sendable {
    public var active: Set<DiskFault>
    public var touched: [DiskFault: UInt64]
    /// Operations that wait for a stall to end.
    public var waiting: UInt64

    public init(active: Set<DiskFault>, touched: [DiskFault: UInt64], waiting: UInt64) {
        self.active = active
        self.touched = touched
        self.waiting = waiting
    }
}

/// The answer to a request.
public enum DiskReply: Hashable, Sendable {
    case done
    case state(DiskState)
    case powerCut(PowerCutReport)
    case refused(String)

    public var line: String {
        switch self {
        case .done: return "done"
        case .state(let state):
            let faults = DiskFault.allCases.map { fault in
                "\(fault.rawValue)=\(state.active.contains(fault) ? "on" : "off"):"
                    + "\(state.touched[fault] ?? 0)"
            }
            return "state waiting=\(state.waiting) " + faults.joined(separator: " ")
        case .powerCut(let report):
            return "cut lost_writes=\(report.lostWrites) lost_bytes=\(report.lostBytes) "
                + "lost_names=\(report.lostNames) kept_writes=\(report.keptWrites)"
        case .refused(let reason): return "refused \(reason)"
        }
    }

    /// Nil when the line is no reply.
    public init?(line: String) {
        let words = line.split(separator: " ")
        switch words.first {
        case "done" where words.count == 1: self = .done
        case "refused": self = .refused(String(line.dropFirst("refused ".count)))
        case "state":
            guard let state = Self.state(words.dropFirst()) else { return nil }
            self = .state(state)
        case "cut":
            guard let report = Self.report(words.dropFirst()) else { return nil }
            self = .powerCut(report)
        default: return nil
        }
    }

    private static func fields(_ words: ArraySlice<Substring>) -> [(Substring, Substring)]? {
        var fields: [(Substring, Substring)] = []
        for word in words {
            guard let equals = word.firstIndex(of: "=") else { return nil }
            fields.append((word[..<equals], word[word.index(after: equals)...]))
        }
        return fields
    }

    private static func state(_ words: ArraySlice<Substring>) -> DiskState? {
        guard let fields = fields(words) else { return nil }
        var state = DiskState(active: [], touched: [:], waiting: 0)
        for (name, value) in fields {
            if name == "waiting" {
                guard let count = UInt64(value) else { return nil }
                state.waiting = count
                continue
            }
            let parts = value.split(separator: ":")
            guard let fault = DiskFault(rawValue: String(name)), parts.count == 2,
                let count = UInt64(parts[1])
            else { return nil }
            if parts[0] == "on" { state.active.insert(fault) }
            if count > 0 { state.touched[fault] = count }
        }
        return state
    }

    private static func report(_ words: ArraySlice<Substring>) -> PowerCutReport? {
        guard let fields = fields(words) else { return nil }
        var report = PowerCutReport()
        for (name, value) in fields {
            guard let count = UInt64(value) else { return nil }
            switch name {
            case "lost_writes": report.lostWrites = count
            case "lost_bytes": report.lostBytes = count
            case "lost_names": report.lostNames = count
            case "kept_writes": report.keptWrites = count
            default: return nil
            }
        }
        return report
    }
}

/// How the process introduces itself, and how its mounts are known.
public enum DiskServerFacts {
    /// First line on its standard output once the disk is there.
    public static let readyLine = "ready"
    /// In place of it when there is no disk: followed by the reason.
    public static let failedPrefix = "failed "
    /// The type that the disk's mount shows in /proc/self/mountinfo: our mark.
    public static let mountType = "fuse.\(mountName)"
    public static let mountName = "allocdb-jepsen-disk"
    /// The program that serves disks; it lies beside the tool.
    public static let programName = "allocdb-jepsen-helper"
}
