import ByteCoding
import ClusterProtocol
import LeaseEngine
import LeaseKernel
import TestSupport
import Testing

@Suite("The control port speaks the published text")
struct ControlProtocolTests {
    @Test("every request of the golden data")
    func requests() throws {
        let requests = try Vectors.json("control-protocol.json")["requests"].array
        for value in requests {
            let text = value["request_text"].string ?? "?"
            let bytes = try #require(value["request_hex"].hex)
            do throws(ControlRequestError) {
                let request = try ControlRequest(decoding: bytes)
                #expect(request.word == value["result"]["command"].string, "\(text)")
            } catch {
                let expected = value["result"]["reply_text"].string
                #expect(String(decoding: error.bytes, as: UTF8.self) == expected, "\(text)")
            }
        }
        print("control-protocol.json: \(requests.count) requests")
        #expect(requests.count == 16)
    }

    @Test("every status of the golden data is written, and read back, as recorded")
    func statusTexts() throws {
        let replies = try Vectors.json("control-protocol.json")["status_replies"].array
        for value in replies {
            let name = value["name"].string ?? "?"
            let text = try #require(value["text"].string)
            let status = try status(value["decoded"])
            #expect(String(decoding: status.bytes, as: UTF8.self) == text, "\(name)")
            let decoded = try StatusReply(decoding: Array(text.utf8))
            #expect(.bool(decoded == status) == value["round_trips"], "\(name)")
            for length in 0..<text.utf8.count {
                _ = try? StatusReply(decoding: Array(text.utf8.prefix(length)))
            }
            for index in text.utf8.indices {
                var bytes = Array(text.utf8)
                bytes[text.utf8.distance(from: text.utf8.startIndex, to: index)] ^= 0xff
                _ = try? StatusReply(decoding: bytes)
            }
        }
        print("control-protocol.json: \(replies.count) status texts")
        #expect(replies.count == 8)
    }

    @Test("every status reply of the golden data is understood, refused or asked for again")
    func decoding() throws {
        let golden = try Vectors.json("control-protocol.json")
        let cases = golden["status_decode_cases"].array
        let rule = StatusRetryRule()
        var decoded: [StatusReply] = []
        var expected: [StatusReply?] = []
        for value in cases {
            let name = value["name"].string ?? "?"
            let bytes = Array(try #require(value["text"].string).utf8)
            var attempts = 1
            do throws(ControlReplyError) {
                decoded.append(try StatusReply(decoding: bytes))
                expected.append(try? status(value["result"]["ok"]))
            } catch {
                let expected = value["result"]["error"]
                #expect(value["result"]["ok"].isNull, "\(name)")
                #expect([error.name] == expected["path"].array.map(\.string), "\(name)")
                #expect(error.description == expected["display"].string, "\(name)")
                while rule.pause(after: .reply(error), attempt: attempts) != nil { attempts += 1 }
            }
            #expect(attempts == value["connections_made_by_the_status_client"].integer(), "\(name)")
        }
        #expect(decoded == expected)
        let timing = golden["timing"]
        let limit: Int = try #require(timing["client_connect_read_write_timeout_ms"].integer())
        let pause: Int = try #require(timing["delay_between_attempts_ms"].integer())
        #expect(rule.limit == .milliseconds(limit))
        #expect(rule.maximumAttempts == timing["status_attempts"].integer())
        #expect(rule.pause(after: .inputOutput, attempt: 2) == .milliseconds(pause))
        #expect(rule.pause(after: .inputOutput, attempt: 3) == nil)
        print("control-protocol.json: \(cases.count) status replies")
        #expect(cases.count == 22)
    }

    @Test("bytes that are no UTF-8 are answered")
    func invalidText() {
        #expect(throws: ControlRequestError.invalidText) {
            try ControlRequest(decoding: [0x73, 0xff])
        }
    }

    @Test("our own words carry fields of any content")
    func fields() throws {
        let bytes = ControlReply.bytes([("a", "1=2"), ("b", "x\ny"), ("c", "")])
        let fields = try ControlReply.fields(of: bytes)
        #expect(fields.map { $0.key } == ["a", "b", "c"])
        #expect(fields.map { $0.value } == ["1=2", "x\\ny", ""])
        #expect(throws: ControlReplyError.remote("no")) {
            try ControlReply.fields(of: ErrorText.bytes("no"))
        }
        for request: ControlRequest in [.status, .stop, .explain, .checkpoint] {
            #expect(try ControlRequest(decoding: request.bytes) == request)
        }
    }

    /// The golden data leaves out what is the same everywhere: paths and addresses.
    private func status(_ value: JSONValue) throws -> StatusReply {
        let id: ReplicaID = try required(value["replica_id"])
        let port = UInt16(id.rawValue)
        let replica = ReplicaLayout(
            id: id, role: try #require(ReplicaRole(word: value["role"].string ?? "")),
            workspaceRoot: "/srv/allocdb",
            addresses: ReplicaAddresses(
                control: .loopback(port: 17000 + port), client: .loopback(port: 18000 + port),
                protocol: .loopback(port: 19000 + port)))
        return StatusReply(
            processID: try #require(value["process_id"].integer()), replica: replica,
            state: try #require(StatusReply.State(rawValue: value["state"].string ?? "")),
            currentView: try required(value["current_view"]),
            commitLSN: optional(value["commit_lsn"]),
            activeSnapshotLSN: optional(value["active_snapshot_lsn"]),
            acceptingWrites: value["accepting_writes"].isNull
                ? nil : value["accepting_writes"] == .bool(true),
            startupKind: StartupKind.allCases.first { $0.word == value["startup_kind"].string },
            loadedSnapshotLSN: optional(value["loaded_snapshot_lsn"]),
            replayedWALFrameCount: value["replayed_wal_frame_count"].integer(),
            replayedWALLastLSN: optional(value["replayed_wal_last_lsn"]),
            faultReason: value["fault_reason"].string)
    }
}
