import GuestAgent
import SystemCalls
import TestSupport
import Testing

@Suite("The agent in a guest")
struct AgentTests {
    static let requests: [AgentRequest] = [
        .execute(line: "echo 'ä b'\n", limitMilliseconds: 5), .clock,
        .setClock(nanoseconds: 1_700_000_000_123_456_789), .random(count: 32),
        .reseed([0, 255]),
        .write(path: "/a b", permissions: 0o600, bytes: [1, 2], isContinued: false),
        .write(path: "/a b", permissions: 0o600, bytes: [], isContinued: true),
    ]
    static let replies: [AgentReply] = [
        .output([1, 2, 3]), .output([]), .error([0]), .ended(status: -9), .ended(status: 255),
        .clock(wall: 1, monotonic: 2), .random([7]), .done, .failed("no such file: 'ä'"),
    ]

    @Test("what is asked is read as it was written", arguments: requests)
    func readRequest(request: AgentRequest) {
        let line = AgentLine<AgentRequest>("17 \(request.text)")
        #expect(line?.number == 17)
        #expect(line?.content == request)
    }

    @Test("what is answered is read as it was written", arguments: replies)
    func readReply(reply: AgentReply) {
        let line = AgentLine<AgentReply>("17 \(reply.text)")
        #expect(line?.number == 17)
        #expect(line?.content == reply)
    }

    @Test(
        "what is none is nothing",
        arguments: [
            "", "17", "x clock", "17 clock now", "17 execute 5", "17 execute 5 0g", "17 random 0",
            "17 random 999", "17 setclock -1", "17 write 1", "17 reseed 123", "17 output 1 2",
            "17 ended", "17 ended x", "-1 clock", "17 fly",
        ])
    func garbage(line: String) {
        #expect(AgentLine<AgentRequest>(line) == nil)
        #expect(AgentLine<AgentReply>(line) == nil)
    }

    @Test("it serves one line after the other, and leaves out what is none")
    func serving() throws {
        try withTemporaryFolder { folder in
            let listener = try UnixListener(at: Path.join(folder, "agent"))
            let host = try UnixSocket.connect(to: listener.path, until: .after(.seconds(20)))
            let guest = try #require(try listener.accept())
            var requests = LineReader(guest)
            var answers = LineReader(host)
            let server = AgentServer(guest)
            let limit = Deadline.after(.seconds(60))
            let file = Path.join(folder, "file")
            func ask(_ text: String) throws -> [AgentReply] {
                try host.sendAll(Array((text + "\n").utf8), until: limit)
                #expect(try server.serveNext(from: &requests))
                var replies: [AgentReply] = []
                while replies.last?.isPiece ?? true {
                    let line = try #require(try answers.next(until: limit))
                    replies.append(try #require(AgentLine<AgentReply>(line)).content)
                }
                return replies
            }
            for text in ["", "half a li", "3 fly"] {
                try host.sendAll(Array((text + "\n").utf8), until: limit)
                #expect(try server.serveNext(from: &requests))
            }
            let long = AgentRequest.execute(
                line: "head -c 40000 /dev/zero; echo no >&2; exit 7", limitMilliseconds: 60_000)
            let replies = try ask("1 \(long.text)")
            #expect(replies.count == 5)
            #expect(replies.last == .ended(status: 7))
            #expect(replies[3] == .error(Array("no\n".utf8)))
            let first = AgentRequest.write(
                path: file, permissions: 0o600, bytes: [1, 2], isContinued: false)
            let next = AgentRequest.write(
                path: file, permissions: 0o600, bytes: [3], isContinued: true)
            #expect(try ask("2 \(first.text)") == [.done])
            #expect(try ask("3 \(next.text)") == [.done])
            #expect(try FileSystem.read(file, limit: 10) == [1, 2, 3])
            #expect(try ask("4 \(first.text)") == [.done])
            #expect(try FileSystem.read(file, limit: 10) == [1, 2])
            guard case .failed(let reason)? = try ask("5 append 384 \(hex("/no/such")) 01").last
            else {
                Issue.record("written to nowhere")
                return
            }
            #expect(reason.contains("/no/such"))
            guard case .random(let bytes)? = try ask("6 random 32").last else {
                Issue.record("no random bytes")
                return
            }
            #expect(bytes.count == 32)
            host.close()
            #expect(try !server.serveNext(from: &requests))
        }
    }

    private func hex(_ text: String) -> String {
        text.utf8.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
