import Conducting
import JSONText
import SystemCalls
import TestSupport
import Testing

/// The real tool in a folder of its own, where everything that it could leave behind would lie.
struct Tool {
    let root: String

    var output: String { Path.join(root, "artifacts") }

    private var environment: [String: String] {
        var environment = Environment.all
        environment["TMPDIR"] = root
        return environment
    }

    func start(_ words: [String]) throws -> ChildProcess {
        let log = try FileSystem.open(Path.join(root, "log.txt"), .append)
        return try ChildProcess(
            executable: builtExecutable("allocdb-jepsen"), arguments: words,
            environment: environment,
            output: .descriptor(log), error: .descriptor(log))
    }

    /// What the tool said so far, for failed expectations.
    var log: String {
        let bytes = (try? FileSystem.read(Path.join(root, "log.txt"), limit: 1 << 24)) ?? []
        return String(decoding: bytes, as: UTF8.self)
    }

    func run(_ words: [String]) throws -> CapturedRun {
        try CapturedRun(
            builtExecutable("allocdb-jepsen"), words, environment: environment,
            until: .after(.seconds(600)))
    }

    /// The only campaign there, once it has a plan.
    var campaign: CampaignFolder? {
        let names = ((try? FileSystem.list(output)) ?? []).filter { $0.hasPrefix("campaign-") }
        guard names.count == 1 else { return nil }
        let folder = CampaignFolder(path: Path.join(output, names[0]))
        return FileSystem.exists(Path.join(folder.path, CampaignFolder.planName)) ? folder : nil
    }

    /// Processes whose command line names this folder.
    var processes: [Int32] {
        let mark = Array((root + "/").utf8)
        return ((try? FileSystem.list("/proc")) ?? []).compactMap { Int32($0) }.filter { process in
            guard process != Processes.ownID, Processes.isAlive(process),
                let words = try? FileSystem.read("/proc/\(process)/cmdline", limit: 1 << 20)
            else { return false }
            return words.contains(mark)
        }
    }

    /// Waits for something to become true; the limit only ends a test that would hang.
    static func wait(
        upTo limit: Duration = .seconds(180), for condition: () throws -> Bool
    ) throws -> Bool {
        let deadline = Deadline.after(limit)
        while !(try condition()) {
            if deadline.isPassed { return false }
            sleepThread(for: .milliseconds(50))
        }
        return true
    }

    static func json(_ path: String) throws -> JSONText {
        try JSONText(parsing: FileSystem.read(path, limit: 1 << 24))
    }
}
