public import SystemCalls

/// A machine to work on: this one, one behind SSH, or one behind another way that looks the same.
///
/// All calls block the calling thread, may be made from many threads at once, and end at their
/// deadline at the latest. A failure says whether what was asked may have happened all the same
/// (`RemoteError.mayHaveHappened`): only then is its outcome ambiguous.
public protocol Remote: StreamSource {
    /// For messages, for example `root@10.0.0.7:22`.
    var name: String { get }

    /// Reaches the machine once and sees that it carries out commands. The other calls reach it
    /// by themselves, and again after it was lost, as long as their deadlines allow.
    func connect(until deadline: Deadline) throws(RemoteError)

    /// Runs a line in a shell of the machine, gives it `input` and takes all of its output.
    ///
    /// At the deadline the command is let go of, and may still be running there.
    func execute(
        _ line: String, input: [UInt8], until deadline: Deadline
    ) throws(RemoteError) -> CommandResult

    /// Puts a copy of a file of this machine there, in one step: whoever looks meanwhile finds
    /// the old file or the new one. The folder must exist.
    func upload(
        _ source: String, to path: String, permissions: UInt32, until deadline: Deadline
    ) throws(RemoteError)

    /// Puts a copy of a file of the machine here, in one step. Of a file that grows it is what
    /// the file held when the copy began.
    func download(
        _ path: String, to target: String, until deadline: Deadline
    ) throws(RemoteError)

    /// A connection to an address as the machine sees it: a socket, non-blocking, whose directions
    /// end one by one. One that breaks off ends too: whether all of it has arrived must show in
    /// what is spoken over it, as with any connection of a process that may be killed.
    func openStream(
        to address: SocketAddress, until deadline: Deadline
    ) throws(RemoteError) -> FileDescriptor

    /// Lets go of the machine. Calls under way fail, later ones too.
    func close()
}

extension Remote {
    public func execute(
        _ line: String, until deadline: Deadline
    ) throws(RemoteError) -> CommandResult {
        try execute(line, input: [], until: deadline)
    }
}

extension Remote {
    /// The network as the machine sees it, for whoever connects to addresses in it.
    public var network: NetworkPlace { .elsewhere(StreamNetwork(self)) }

    public func stream(
        to address: SocketAddress, until deadline: Deadline
    ) throws(SystemError) -> FileDescriptor {
        do throws(RemoteError) {
            return try openStream(to: address, until: deadline)
        } catch {
            let subject = "\(address) (\(error))"
            switch error.cause {
            case .unreachable(let cause): throw cause
            case .channelRefused: throw .refused(subject)
            case .deadline: throw .timedOut("connect", subject)
            case .notSSH, .noCommonAlgorithm, .hostKeyChanged, .identity, .agent,
                .notAuthenticated, .noShell, .lost, .transfer, .tooMuchOutput, .system, .library,
                .closed:
                throw .unreachable(subject)
            }
        }
    }
}

/// What became of a command that ran to its end.
public struct CommandResult: Hashable, Sendable {
    public let status: CommandStatus
    public let output: [UInt8]
    public let error: [UInt8]

    public var outputText: String { String(decoding: output, as: UTF8.self) }
    public var errorText: String { String(decoding: error, as: UTF8.self) }

    /// A command whose output or error text is longer than this fails.
    public static let byteLimit = 4 << 20
}

/// How a command ended.
public enum CommandStatus: Hashable, Sendable, CustomStringConvertible {
    case exited(code: Int32)
    /// The name without `SIG`, which is what SSH tells.
    case signaled(name: String)

    public var isSuccess: Bool { self == .exited(code: 0) }

    public var description: String {
        switch self {
        case .exited(let code): "exit status \(code)"
        case .signaled(let name): "killed by SIG\(name)"
        }
    }
}

/// Text for a shell.
public enum ShellText {
    /// `text` as one word that a POSIX shell takes literally.
    public static func quoted(_ text: String) -> String {
        "'"
            + text.split(separator: "'", omittingEmptySubsequences: false)
            .joined(separator: "'\\''") + "'"
    }
}
