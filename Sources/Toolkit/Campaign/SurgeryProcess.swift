import ClusterProtocol
import LeaseKernel
import Nemesis
import SystemCalls

/// Surgery in a process of its own that stops at every boundary until it is told to go on, so
/// that it can be killed there: what a takeover is, when the machine that does it dies.
///
/// The process writes `step WORDS` at each boundary and waits for a line; in the end it writes
/// `done`, or `refused REASON`. Without anybody to listen it ends at the next boundary.
public struct SurgeryProcess {
    /// The word after the tool's name that makes it one.
    public static let commandWord = "surgery"
    /// How long one step may take.
    static let stepLimit = Duration.seconds(60)

    let tool: String
    let layoutPath: String

    // MARK: - The side that kills

    func carryOut(
        _ operation: SurgicalOperation, killedAtStep limit: UInt64
    ) throws(SurgeonRefusal) -> String? {
        let child: ChildProcess
        let output: Pipe
        let input: Pipe
        do throws(SystemError) {
            output = try Pipe()
            input = try Pipe()
            child = try ChildProcess(
                executable: tool, arguments: [Self.commandWord, layoutPath] + operation.words,
                input: .descriptor(input.readEnd), output: .descriptor(output.writeEnd))
        } catch {
            throw SurgeonRefusal("`\(tool) \(Self.commandWord)` could not be started: \(error)")
        }
        defer { _ = try? child.killAndWait() }
        output.writeEnd.close()
        input.readEnd.close()
        var lines = LineReader(output.readEnd, limit: Self.stepLimit)
        var steps: UInt64 = 0
        while let line = lines.next() {
            if line == "done" { return nil }
            if let reason = line.text(after: "refused ") { throw SurgeonRefusal(reason) }
            guard let words = line.text(after: "step ") else { break }
            steps += 1
            if steps == limit { return words }
            do throws(SystemError) {
                try input.writeEnd.writeAll(Array("go\n".utf8))
            } catch {
                break
            }
        }
        throw SurgeonRefusal("the process of the surgery ended or hangs after \(steps) steps")
    }

    // MARK: - The side that operates

    /// The whole life of the process; `words` follow the command word. Returns the exit status.
    public static func serve(_ words: [String]) -> Int32 {
        Signals.ignoreBrokenPipes()
        let answer: String
        do throws(SurgeonRefusal) {
            try operate(words)
            answer = "done"
        } catch {
            let line = error.description.split(separator: "\n").joined(separator: " ")
            answer = "refused \(line)"
        }
        StandardStreams.writeOutput(answer + "\n")
        return 0
    }

    private static func operate(_ words: [String]) throws(SurgeonRefusal) {
        guard let path = words.first,
            let operation = SurgicalOperation(words: words.dropFirst())
        else { throw SurgeonRefusal("these words name no operation: \(words)") }
        let layout: ClusterLayout
        do {
            let bytes = try FileSystem.read(path, limit: 1 << 20)
            layout = try ClusterLayout(text: String(decoding: bytes, as: UTF8.self))
        } catch {
            throw SurgeonRefusal("\(path): \(error)")
        }
        let input = FileDescriptor(owning: 0, subject: "standard input")
        var lines = LineReader(input, limit: .seconds(3600))
        try ReplicaSurgeon(layout: layout).carryOut(operation) { step in
            StandardStreams.writeOutput("step \(step)\n")
            // Nobody listens any more: the folders are whole at every boundary.
            if lines.next() == nil { exitProcess(1) }
        }
    }
}

extension SurgicalOperation {
    var words: [String] {
        switch self {
        case .takeOver(let target, let supports):
            ["take-over", "\(target)"] + supports.map { "\($0)" }
        case .rejoin(let replica, let primary): ["rejoin", "\(replica)", "\(primary)"]
        case .rebuild(let replica, let primary): ["rebuild", "\(replica)", "\(primary)"]
        }
    }

    init?(words: ArraySlice<String>) {
        let replicas = words.dropFirst().compactMap { UInt64($0) }.map { ReplicaID($0) }
        guard replicas.count == words.count - 1, replicas.count >= 2 else { return nil }
        switch words.first {
        case "take-over":
            self = .takeOver(target: replicas[0], supports: Array(replicas.dropFirst()))
        case "rejoin" where replicas.count == 2: self = .rejoin(replicas[0], primary: replicas[1])
        case "rebuild" where replicas.count == 2:
            self = .rebuild(replicas[0], primary: replicas[1])
        case _: return nil
        }
    }
}

/// Lines of a pipe, one at a time.
private struct LineReader {
    private let descriptor: FileDescriptor
    private let limit: Duration
    private var pending: [UInt8] = []

    init(_ descriptor: FileDescriptor, limit: Duration) {
        self.descriptor = descriptor
        self.limit = limit
    }

    /// Nil at the end of the input, at an error, and when no line came in time.
    mutating func next() -> String? {
        let deadline = Deadline.after(limit)
        while true {
            if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                defer { pending.removeSubrange(...end) }
                return String(decoding: pending[..<end], as: UTF8.self)
            }
            guard (try? descriptor.waitUntilReadable(deadline)) == true,
                let bytes = try? descriptor.read(atMost: 4096), !bytes.isEmpty
            else { return nil }
            pending += bytes
        }
    }
}

extension String {
    fileprivate func text(after prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}
