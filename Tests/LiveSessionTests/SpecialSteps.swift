import ClusterProtocol
import LeaseKernel
import SystemCalls
import TestSupport
import Testing

/// Steps that are described in words: what an operator did from outside, and what was measured.
struct SpecialSteps {
    let cluster: SessionCluster
    let disk: SmallDisk?

    private static let submit1002 =
        "01010000000000000031000000ea03000000000000000000000000000007000000000000000000000000000000"
        + "010c000000000000000000000000000000"
    private static let submit1003 =
        "01010000000000000031000000eb03000000000000000000000000000007000000000000000000000000000000"
        + "010d000000000000000000000000000000"
    private static let metrics = "040100000000000000"

    func act(_ step: JSONValue) throws -> StepResult {
        let action = try #require(step["action"].string)
        if action.hasPrefix("file "), action.hasSuffix(" replaced") {
            let name = action.dropFirst("file ".count).dropLast(" replaced".count)
            try FileSystem.write(
                try #require(step["hex"].hex), to: Path.join(cluster.root, String(name)))
        } else if action.hasPrefix("a client sends a complete submit") {
            try leave(hex: Self.submit1002, bytes: nil, to: 1, .client)
        } else if action.hasPrefix("a client sends the first 40 bytes") {
            try leave(hex: Self.submit1003, bytes: 40, to: 1, .client)
        } else if action.hasPrefix("a client sends get_metrics") {
            try leave(
                hex: Self.metrics, bytes: nil, to: 1, .client,
                reset: true)
        } else if action.hasPrefix("a peer connects to the protocol port of replica 2") {
            try leave(
                hex: "", bytes: nil, to: 2, .protocol, reset: true)
        } else if action == "the process of replica 2 is stopped by a signal" {
            try Processes.signal(try process(2), Signals.stop)
        } else if action == "the small file system is enlarged" {
            try #require(disk).enlarge()
        } else if action == "replica 2 is killed from outside (its pid file stays)" {
            let number = try process(2)
            try Processes.signal(number, Signals.kill)
            #expect(try Processes.waitForEnd(of: number, until: .after(.seconds(5))))
        } else {
            throw Missing(description: "nobody knows how to do: \(action)")
        }
        return .skipped("done: \(action)")
    }

    private func process(_ number: UInt64) throws -> Int32 {
        try #require(LockedProcess.holder(of: try cluster.replica(number)))
    }

    private enum Door {
        case client, `protocol`
    }

    /// Sends something and goes away at once, in order or by a reset.
    private func leave(
        hex: String, bytes: Int?, to number: UInt64, _ door: Door, reset: Bool = false
    ) throws {
        let addresses = try cluster.replica(number).addresses
        let address = door == .client ? addresses.client : addresses.protocol
        let target = try #require(SocketAddress("\(address)"))
        let connection = try TCPConnection.connect(to: target, until: .after(.seconds(5)))
        let whole = try #require(JSONValue.string(hex).hex)
        let part = whole.prefix(bytes ?? whole.count)
        if !part.isEmpty { _ = try part.withUnsafeBytes { try connection.send($0) } }
        if reset { try connection.resetOnClose() } else { try connection.finishSending() }
        connection.close()
    }

    func observe(_ step: JSONValue, _ override: Outcome?) throws -> StepResult {
        if let length: Int = step["log_file_length"].integer() {
            let path = try cluster.replica(1).walPath
            let expected = override ?? .fact("log file length \(length)")
            // Frames follow the commit, which may come right after a start.
            return .compared(
                expected: expected,
                found: try SessionRunner.settled(on: expected) {
                    .fact("log file length \(try FileSystem.facts(path)?.size ?? -1)")
                })
        }
        if let text = step["idle_connection_reply_text"].string { return try idle(text) }
        if !step["other_client_waited_more_than_two_seconds"].isNull { return try trickle() }
        if !step["client_reply_within_3_seconds"].isNull { return try silentControl() }
        throw Missing(description: "nobody knows how to observe: \(step)")
    }

    private func answerTime() throws -> Duration {
        let start = Instant.now
        let conversation = try Conversation(
            try #require(JSONValue.string(Self.metrics).hex),
            to: try cluster.replica(1).addresses.client)
        #expect(conversation.bytes.first == 10)
        return Instant.now - start
    }

    /// A silent client gets its text after the limit; another one is not kept waiting (the
    /// reference's is).
    private func idle(_ text: String) throws -> StepResult {
        let address = try cluster.replica(1).addresses.client
        let silent = try TCPConnection.connect(
            to: try #require(SocketAddress("\(address)")), until: .after(.seconds(5)))
        #expect(try answerTime() < .milliseconds(400))
        var bytes: [UInt8] = []
        while case let received = try silent.receive(atMost: 4096), received != .end {
            if case .bytes(let more) = received { bytes += more }
            #expect(try silent.descriptor.waitUntilReadable(.after(.seconds(5))))
        }
        return .compared(
            expected: .text(text), found: .text(String(decoding: bytes, as: UTF8.self)))
    }

    private func trickle() throws -> StepResult {
        let address = try cluster.replica(1).addresses.client
        let slow = try TCPConnection.connect(
            to: try #require(SocketAddress("\(address)")), until: .after(.seconds(5)))
        var longest = Duration.zero
        for _ in 0..<4 {
            _ = try [1 as UInt8].withUnsafeBytes { try slow.send($0) }
            longest = max(longest, try answerTime())
            sleepThread(for: .milliseconds(300))
        }
        slow.close()
        return .compared(
            expected: .fact("the other client waits: false"),
            found: .fact("the other client waits: \(longest > .seconds(1))"))
    }

    private func silentControl() throws -> StepResult {
        let address = try cluster.replica(1).addresses.control
        let silent = try TCPConnection.connect(
            to: try #require(SocketAddress("\(address)")), until: .after(.seconds(5)))
        let waited = try answerTime()
        silent.close()
        return .compared(
            expected: .fact("a client is answered within 3 seconds: true"),
            found: .fact("a client is answered within 3 seconds: \(waited < .seconds(3))"))
    }
}
