import DurableFiles
import FaultyDisk
public import SystemCalls

/// What a run leaves behind when the tool is killed outright: daemons and a workspace. Every
/// local testbed writes it down *before* it makes anything, and the next start of the tool finds
/// it here and cleans up.
///
/// Nothing is touched on the word of a file alone: a process is ended only if its command line
/// names the recorded workspace's layout, and its start time is the recorded one when there is
/// one; a folder is removed only if it carries our mark.
public struct Residue: Hashable, Sendable {
    public struct Daemon: Hashable, Sendable {
        public let processID: Int32
        /// In clock ticks since boot: with the number it names one process for ever. 0 when it
        /// could not be read.
        public let startTime: UInt64

        public init(processID: Int32, startTime: UInt64) {
            self.processID = processID
            self.startTime = startTime
        }
    }

    /// The tool that made it.
    public var owner: Daemon
    public var workspace: String
    public var daemons: [Daemon]

    public init(owner: Daemon, workspace: String, daemons: [Daemon] = []) {
        self.owner = owner
        self.workspace = workspace
        self.daemons = daemons
    }

    // MARK: - Text

    static let fileLimit = 64 << 10

    public var text: String {
        var lines = [
            "version=1", "owner=\(owner.processID):\(owner.startTime)", "workspace=\(workspace)",
        ]
        lines += daemons.map { "daemon=\($0.processID):\($0.startTime)" }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Nil when the text is not a complete record of ours.
    public init?(text: String) {
        var owner: Daemon?
        var workspace: String?
        var daemons: [Daemon] = []
        var isVersionOne = false
        for line in text.split(separator: "\n") {
            guard let equals = line.firstIndex(of: "=") else { return nil }
            let value = line[line.index(after: equals)...]
            switch line[..<equals] {
            case "version": isVersionOne = value == "1"
            case "workspace": workspace = String(value)
            case "owner":
                guard let parsed = Self.daemon(value) else { return nil }
                owner = parsed
            case "daemon":
                guard let parsed = Self.daemon(value) else { return nil }
                daemons.append(parsed)
            default: return nil
            }
        }
        guard isVersionOne, let owner, let workspace, workspace.hasPrefix("/") else { return nil }
        self.init(owner: owner, workspace: workspace, daemons: daemons)
    }

    private static func daemon(_ text: Substring) -> Daemon? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let process = Int32(parts[0]), process > 0,
            let start = UInt64(parts[1])
        else { return nil }
        return Daemon(processID: process, startTime: start)
    }
}

/// The folder of all residue records of this user on this machine.
public struct ResidueRegistry: Sendable {
    /// File inside a workspace that says that it is ours to remove; its content is the path.
    public static let markName = ".allocdb-jepsen-workspace"

    public let folder: String

    public init(folder: String) {
        self.folder = folder
    }

    /// Below the system's temporary folder.
    public static var standard: ResidueRegistry {
        let base = Environment["TMPDIR"] ?? "/tmp"
        return ResidueRegistry(folder: Path.join(base, "allocdb-jepsen-residue"))
    }

    /// Where the record of one workspace stands.
    public func path(for workspace: String) -> String {
        Path.join(folder, Path.lastComponent(of: workspace) + ".txt")
    }

    public func write(_ residue: Residue) throws(SystemError) {
        try DurableFiles.replace(path(for: residue.workspace), with: Array(residue.text.utf8))
    }

    public func remove(_ workspace: String) {
        _ = try? FileSystem.removeFile(path(for: workspace))
    }

    /// Ends and removes what tools that do not run any more left behind. Returns one line for
    /// each thing that was cleaned or could not be.
    public func clean() -> [String] {
        guard let names = try? FileSystem.list(folder) else { return [] }
        var report: [String] = []
        for name in names where name.hasSuffix(".txt") {
            let path = Path.join(folder, name)
            guard let bytes = try? FileSystem.read(path, limit: Residue.fileLimit),
                let residue = Residue(text: String(decoding: bytes, as: UTF8.self)),
                !Self.isRunning(residue.owner)
            else { continue }
            report += Self.clean(residue)
            _ = try? FileSystem.removeFile(path)
        }
        return report
    }

    private static func isRunning(_ daemon: Residue.Daemon) -> Bool {
        guard Processes.isAlive(daemon.processID) else { return false }
        // In doubt it runs: nothing is cleaned that might be in use.
        return daemon.startTime == 0
            || Processes.startTime(of: daemon.processID) == daemon.startTime
    }

    private static func clean(_ residue: Residue) -> [String] {
        var report: [String] = []
        for process in daemons(of: residue) {
            let isGroupLeader = residue.daemons.contains { $0.processID == process }
            _ = try? Processes.signal(isGroupLeader ? -process : process, Signals.kill)
            let hasEnded = (try? Processes.waitForEnd(of: process, until: .after(.seconds(5))))
            report.append(
                hasEnded == true
                    ? "ended daemon \(process) of \(residue.workspace)"
                    : "could not end daemon \(process) of \(residue.workspace)")
        }
        // Disks of daemons that are gone; a folder with a mount in it could not be removed.
        for folder in MountTable.folders(ofType: DiskServerFacts.mountType)
        where folder.hasPrefix(residue.workspace + "/") {
            let isGone = MountTable.detach(folder, type: DiskServerFacts.mountType)
            report.append("\(isGone ? "took away" : "could not take away") the disk \(folder)")
        }
        FakedClock.removeRecords(of: residue.workspace)
        let mark = Path.join(residue.workspace, markName)
        if let bytes = try? FileSystem.read(mark, limit: 4096),
            String(decoding: bytes, as: UTF8.self) == residue.workspace
        {
            do {
                try FileSystem.removeTree(residue.workspace)
                report.append("removed workspace \(residue.workspace)")
            } catch {
                report.append("could not remove workspace \(residue.workspace): \(error)")
            }
        }
        return report
    }

    /// Processes whose command line names the workspace's layout: also one that was started in
    /// the moment before its number could be written down.
    private static func daemons(of residue: Residue) -> [Int32] {
        guard let names = try? FileSystem.list("/proc") else { return [] }
        let layout = Array((residue.workspace + "/").utf8)
        return names.compactMap { Int32($0) }.filter { process in
            guard process != Processes.ownID,
                let words = try? FileSystem.read("/proc/\(process)/cmdline", limit: 1 << 20),
                words.contains(layout)
            else { return false }
            guard let known = residue.daemons.first(where: { $0.processID == process }) else {
                return true
            }
            return Processes.startTime(of: process) == known.startTime
        }
    }
}
