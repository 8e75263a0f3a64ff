public import JSONText
import Synchronization
public import SystemCalls

/// A connection to the monitor of one QEMU process (QMP: a JSON value per line). Commands of
/// several threads take turns; events that come between are left out.
///
/// QEMU serves one connection at a time: a second one waits until the first is gone.
public final class QMPClient: Sendable {
    private struct State: Sendable {
        var reader: LineReader
        var lastID: UInt64 = 0
    }

    /// How long a command may take when nobody says otherwise.
    public static let answerLimit = Duration.seconds(20)

    public let path: String
    /// What QEMU says it is, for example `7.2.22`.
    public let version: String
    private let connection: FileDescriptor
    private let state: Mutex<State>

    /// How long one attempt to become acquainted may take: QEMU 7.2 was seen to lose the first
    /// command of a connection for good, on a busy machine.
    static let attemptLimit = Duration.seconds(5)

    /// Connects, waiting until somebody listens, and leaves the negotiation mode, which is all
    /// that a fresh connection is good for.
    public static func connect(
        to path: String, until deadline: Deadline
    ) throws(QMPError) -> QMPClient {
        while true {
            do throws(QMPError) {
                let attempt = Deadline.after(min(attemptLimit, deadline.remaining))
                return try QMPClient(acquaintedWith: path, until: attempt)
            } catch {
                if case .stranger = error { throw error }
                if deadline.isPassed { throw error }
            }
        }
    }

    private init(acquaintedWith path: String, until deadline: Deadline) throws(QMPError) {
        self.path = path
        var reader: LineReader
        let greeting: JSONText?
        do throws(SystemError) {
            connection = try UnixSocket.connect(to: path, until: deadline)
            reader = LineReader(connection)
            let line = try reader.next(until: deadline)
            greeting = line.flatMap { try? JSONText(parsing: $0) }
        } catch {
            throw .unreachable(path: path, reason: error.text)
        }
        guard let qemu = greeting?["QMP"]["version"]["qemu"],
            let major = qemu["major"].integer(Int.self),
            let minor = qemu["minor"].integer(Int.self),
            let micro = qemu["micro"].integer(Int.self)
        else { throw .stranger(path: path) }
        version = "\(major).\(minor).\(micro)"
        state = Mutex(State(reader: reader))
        try execute("qmp_capabilities", until: deadline)
    }

    /// Lets QEMU carry out a command and returns what it answers, often an empty object.
    @discardableResult
    public func execute(
        _ command: String, _ arguments: KeyValuePairs<String, JSONText> = [:],
        until deadline: Deadline = .after(answerLimit)
    ) throws(QMPError) -> JSONText {
        try execute(command, members: arguments.map { .init($0.key, $0.value) }, until: deadline)
    }

    @discardableResult
    func execute(
        _ command: String, members: [JSONText.Member],
        until deadline: Deadline = .after(answerLimit)
    ) throws(QMPError) -> JSONText {
        try state.withLock { state throws(QMPError) in
            // An answer that comes after its deadline has another number, and is left out.
            state.lastID += 1
            let request: JSONText = .object([
                "execute": .string(command), "arguments": .object(members),
                "id": .number(state.lastID),
            ])
            do throws(SystemError) {
                try connection.sendAll(Array((request.compact + "\n").utf8), until: deadline)
            } catch {
                throw failure(command, error)
            }
            return try answer(to: command, &state, until: deadline)
        }
    }

    private func answer(
        to command: String, _ state: inout State, until deadline: Deadline
    ) throws(QMPError) -> JSONText {
        while true {
            let line: String?
            do throws(SystemError) {
                line = try state.reader.next(until: deadline)
            } catch {
                throw failure(command, error)
            }
            guard let line else { throw .closed(during: command, path: path) }
            guard let value = try? JSONText(parsing: line), case .object(let members) = value else {
                throw .garbled(command: command, line: String(line.prefix(200)))
            }
            guard value["id"].integer(UInt64.self) == state.lastID else { continue }
            if case .object = value["error"] {
                throw .refused(
                    command: command, kind: value["error"]["class"].string ?? "no class",
                    reason: value["error"]["desc"].string ?? "without a reason")
            }
            guard members.contains(where: { $0.name == "return" }) else {
                throw .garbled(command: command, line: String(line.prefix(200)))
            }
            return value["return"]
        }
    }

    private func failure(_ command: String, _ error: SystemError) -> QMPError {
        if error.isTimeout { return .timedOut(during: command, path: path) }
        if error.isReset { return .closed(during: command, path: path) }
        return .system(during: "QEMU command `\(command)`", error)
    }

    /// Ends the connection; the machine goes on. Nobody may be using it meanwhile.
    public func close() {
        connection.close()
    }
}
