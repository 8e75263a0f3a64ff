import FaultyDisk
import Synchronization
public import SystemCalls

/// A small process beside the tool that undoes faults when the tool no longer can: each when its
/// lease runs out, and all of them at once when the tool's end of the pipe closes, however the
/// tool ended. It runs in a process group of its own and outlives the tool by a moment.
public final class UndoGuard: Sendable {
    /// The guard does not answer; nothing may be injected that relies on it.
    public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        public let description: String
    }

    /// The word after the tool's name that makes it a guard.
    public static let commandWord = "undo-guard"
    static let acknowledgement: [UInt8] = Array("ok\n".utf8)
    /// How long the guard may take to answer.
    static let answerLimit = Duration.seconds(10)

    private let child: ChildProcess
    private let input: FileDescriptor
    private let answers: FileDescriptor
    private let isEnded = Mutex(false)

    /// Starts `tool undo-guard`. From then on writing to a closed pipe is an error in this process
    /// and does not end it: a guard that died is to be found out.
    public init(tool: String) throws(Failure) {
        Signals.ignoreBrokenPipes()
        do throws(SystemError) {
            let input = try Pipe()
            let answers = try Pipe()
            child = try ChildProcess(
                executable: tool, arguments: [Self.commandWord],
                input: .descriptor(input.readEnd), output: .descriptor(answers.writeEnd))
            // Only the guard keeps them, so that each side notices the other's end.
            input.readEnd.close()
            answers.writeEnd.close()
            self.input = input.writeEnd
            self.answers = answers.readEnd
        } catch {
            throw Failure(
                description: "`\(tool) \(Self.commandWord)` could not be started: \(error)")
        }
    }

    public var processID: Int32 { child.processID }

    /// From now on `undo` happens when the lease is over or this process is gone. An earlier undo
    /// of the same key is replaced. When this returns the guard has taken note.
    public func arm(_ key: String, lease: Duration, _ undo: GuardedUndo) throws(Failure) {
        let lease = max(0, lease.millisecondsRoundedUp)
        try tell((["arm", key, "\(lease)"] + undo.words).joined(separator: " "))
    }

    /// The fault is gone. A guard that is gone itself has nothing left to undo.
    public func disarm(_ key: String) {
        _ = try? tell("disarm \(key)")
    }

    /// Ends the guard; it undoes nothing any more.
    public func end() {
        _ = try? tell("end")
        input.close()
        if (try? child.wait(until: .after(Self.answerLimit))) == nil {
            _ = try? child.killAndWait()
        }
    }

    private func tell(_ line: String) throws(Failure) {
        try isEnded.withLock { isEnded throws(Failure) in
            guard !isEnded else { throw Failure(description: "it has ended") }
            do throws(Failure) {
                let answer = try answer(to: line)
                guard answer == Self.acknowledgement else {
                    throw Failure(
                        description: "it answered "
                            + String(decoding: answer, as: UTF8.self).debugDescription)
                }
            } catch {
                isEnded = true
                throw error
            }
        }
    }

    private func answer(to line: String) throws(Failure) -> [UInt8] {
        var answer: [UInt8] = []
        do throws(SystemError) {
            try input.writeAll(Array((line + "\n").utf8))
            while answer.last != UInt8(ascii: "\n") {
                guard try answers.waitUntilReadable(.after(Self.answerLimit)) else { break }
                let more = try answers.read(atMost: 256)
                if more.isEmpty { break }
                answer += more
            }
        } catch {
            throw Failure(description: "\(error)")
        }
        guard !answer.isEmpty else { throw Failure(description: "it does not answer") }
        return answer
    }

    /// The guard's own life: reads lines, answers each, undoes what is due, and everything at the
    /// end of the input. Returns the exit status.
    public static func serve(input: FileDescriptor, output: FileDescriptor) -> Int32 {
        Signals.ignoreBrokenPipes()
        var undos = GuardedUndos()
        var pending: [UInt8] = []
        while !undos.hasEnded {
            for undo in undos.takeDue(at: .now) { undo.perform() }
            let wake = undos.nextDue.map { Deadline($0) } ?? .after(.seconds(3600))
            guard let isReadable = try? input.waitUntilReadable(wake) else { break }
            guard isReadable else { continue }
            guard let bytes = try? input.read(atMost: 1 << 16), !bytes.isEmpty else { break }
            pending += bytes
            while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: pending[..<end], as: UTF8.self)
                pending.removeSubrange(...end)
                let isKnown = undos.take(line[...], at: .now)
                // The tool may be gone already; then the end of the input comes next.
                _ = try? output.writeAll(isKnown ? acknowledgement : Array("unknown\n".utf8))
            }
        }
        for undo in undos.takeAll() { undo.perform() }
        return 0
    }

    /// As the program of a process whose standard input and output are the pipes.
    public static func serveStandardStreams() -> Int32 {
        serve(
            input: FileDescriptor(owning: 0, subject: "standard input"),
            output: FileDescriptor(owning: 1, subject: "standard output"))
    }
}

/// Where the tool's own program lies: parts of it run as processes beside the tool.
public enum ToolProgram {
    public static let name = "allocdb-jepsen"

    /// This very program; or, where a test or another program uses the library, the one beside it.
    public static var path: String? { ProgramsBeside.path(of: name) }
}

/// Where the program lies that serves disks and reads clocks.
public enum HelperProgram {
    public static var path: String? { ProgramsBeside.path(of: DiskServerFacts.programName) }
}

/// Where the program lies that does in guests what the testbed asks.
public enum GuestAgentProgram {
    public static var path: String? { ProgramsBeside.path(of: "allocdb-guest-agent") }
}

/// Programs of this package, which lie in one folder.
private enum ProgramsBeside {
    static func path(of name: String) -> String? {
        let own = try? Processes.ownExecutable()
        let called = Path.parent(of: CommandLine.arguments.first ?? "") ?? "."
        let folders = [own.flatMap { Path.parent(of: $0) }, called].compactMap { $0 }
        return folders.map { Path.join($0, name) }.first { FileSystem.isExecutable($0) }
    }
}
