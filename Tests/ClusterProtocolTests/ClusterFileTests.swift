import ClusterProtocol
import LeaseKernel
import TestSupport
import Testing

@Suite("The files of a workspace are read and written as published")
struct ClusterFileTests {
    @Test("every layout of the golden data reads, re-encodes or is refused as recorded")
    func layouts() throws {
        let golden = try Vectors.json("cluster-layout.json")
        let defaultText = try #require(golden["default_layout_text"].string)
        let cases = golden["decode_cases"].array
        for value in cases {
            let name = value["name"].string ?? "?"
            let text = try #require(value["text"].string)
            let expected = value["result"]
            do {
                let reencoded = try ClusterLayout(text: text).encoded()
                if expected["ok"].string == "same_as_default" {
                    #expect(reencoded == defaultText, "\(name)")
                } else {
                    #expect(reencoded == expected["ok"]["reencoded"].string, "\(name)")
                }
            } catch {
                #expect([error.problem.name] == path(expected), "\(name)")
                #expect(error.description == expected["error"]["display"].string, "\(name)")
            }
        }
        print("cluster-layout.json: \(cases.count) cases")
        #expect(cases.count == 90)
    }

    @Test("the default layout is the published one")
    func defaultLayout() throws {
        let golden = try Vectors.json("cluster-layout.json")
        func addresses(_ number: UInt16) -> ReplicaAddresses {
            ReplicaAddresses(
                control: .loopback(port: 17000 + number), client: .loopback(port: 18000 + number),
                protocol: .loopback(port: 19000 + number))
        }
        let layout = ClusterLayout(
            workspaceRoot: "/srv/allocdb", addresses: (addresses(1), addresses(2), addresses(3)))
        #expect(try layout.encoded() == golden["default_layout_text"].string)
        let decoded = golden["default_layout_decoded"]["ok"]
        #expect(layout.kernel.maxTTLSlots == decoded["core"]["max_ttl_slots"].integer())
        #expect(
            layout.replicas.map(\.walPath)
                == decoded["replicas"].array.map { $0["wal_path"].string })
        #expect(
            layout.replicas[1].prepareLogPath == "/srv/allocdb/replica-2/replica.metadata.prepare")
    }

    @Test("a path that could not be read back is not written", arguments: ["a\nb", "a ", "a\r"])
    func unwritablePath(path: String) {
        func any() -> ReplicaAddresses {
            ReplicaAddresses(
                control: .loopback(port: 1), client: .loopback(port: 2),
                protocol: .loopback(port: 3))
        }
        let layout = ClusterLayout(workspaceRoot: path, addresses: (any(), any(), any()))
        #expect(
            throws: ClusterFileError(.layout, .invalidField("workspace_root", value: path))
        ) { try layout.encoded() }
    }

    @Test("every fault file of the golden data reads, or is refused, as recorded")
    func faults() throws {
        let golden = try Vectors.json("cluster-faults-timeline.json")
        let encodings = golden["fault_state_encode"].array
        for value in encodings {
            var state = FaultState(workspaceRoot: "/srv/allocdb")
            for replica in replicas(value["isolated"]) { try state.isolate(replica) }
            #expect(state.text == value["text"].string)
        }
        var state = FaultState(workspaceRoot: "/srv/allocdb")
        let operations = golden["fault_state_operations"].array
        for value in operations {
            let replica = ReplicaID(try #require(value["replica_id"].integer()))
            var result = "ok"
            do throws(FaultState.UnknownReplica) {
                if value["op"].string == "isolate" {
                    try state.isolate(replica)
                } else {
                    try state.heal(replica)
                }
            } catch {
                result = error.description
            }
            #expect(result == value["result"].string)
            #expect(state.isolated == replicas(value["isolated_after"]))
        }
        let decodings = golden["fault_state_decode"].array
        for value in decodings {
            let name = value["name"].string ?? "?"
            let expected = value["result"]
            do {
                let state = try FaultState(text: try #require(value["text"].string))
                #expect(state.workspaceRoot == expected["workspace_root"].string, "\(name)")
                #expect(state.isolated == replicas(expected["isolated"]), "\(name)")
            } catch let error as ClusterFileError {
                #expect(["Decode", error.problem.name] == path(expected), "\(name)")
                #expect(error.description == expected["error"]["display"].string, "\(name)")
            }
        }
        print(
            "cluster-faults-timeline.json: \(encodings.count) fault encodings, "
                + "\(operations.count) operations, \(decodings.count) decodings")
        #expect([encodings.count, operations.count, decodings.count] == [7, 8, 13])
    }

    @Test("every time line of the golden data reads, grows or is refused as recorded")
    func timelines() throws {
        let golden = try Vectors.json("cluster-faults-timeline.json")
        let cases = golden["timeline_cases"].array
        for value in cases {
            let name = value["name"].string ?? "?"
            let expected = value["result"]
            do {
                var timeline =
                    try value["text"].string.map(ClusterTimeline.init(text:)) ?? ClusterTimeline()
                #expect(timeline.events == (try events(expected["events"])), "\(name)")
                timeline.append(
                    .replicaCrash, replica: ReplicaID(2), detail: "signal=kill", atMilliseconds: 77)
                let after = value["file_after_appending_a_crash_of_replica_2"].string?
                    .replacing("<now>", with: "77")
                #expect(timeline.text == after, "\(name)")
            } catch let error as ClusterFileError {
                #expect(["Decode", error.problem.name] == path(expected), "\(name)")
                #expect(error.description == expected["error"]["display"].string, "\(name)")
            }
        }
        print("cluster-faults-timeline.json: \(cases.count) time lines")
        #expect(cases.count == 31)
    }

    @Test("no cut and no flipped byte of a file makes a reader trap")
    func damage() throws {
        let layout = try #require(
            try Vectors.json("cluster-layout.json")["default_layout_text"].string)
        let golden = try Vectors.json("cluster-faults-timeline.json")
        let faults = golden["fault_state_encode"].array.compactMap { $0["text"].string }
        let timelines = golden["timeline_cases"].array.compactMap { $0["text"].string }
        var read = 0
        for text in [layout] + faults + timelines {
            for damaged in damagedForms(of: Array(text.utf8)) {
                let text = String(decoding: damaged, as: UTF8.self)
                read += (try? ClusterLayout(text: text)) == nil ? 0 : 1
                read += (try? FaultState(text: text)) == nil ? 0 : 1
                read += (try? ClusterTimeline(text: text)) == nil ? 0 : 1
            }
        }
        // Many a flipped digit is another valid digit.
        #expect(read > 0)
    }

    private func damagedForms(of bytes: [UInt8]) -> [[UInt8]] {
        // Every cut and flip of the small files; of the layout, which has 60 like lines, a part.
        let step = bytes.count > 1000 ? 7 : 1
        return stride(from: 0, to: bytes.count, by: step).flatMap { index in
            [0x01, 0x80, 0xff].map { (mask: UInt8) in
                var flipped = bytes
                flipped[index] ^= mask
                return flipped
            } + [Array(bytes[..<index])]
        }
    }

    private func path(_ result: JSONValue) -> [String] {
        result["error"]["path"].array.compactMap(\.string)
    }

    private func replicas(_ value: JSONValue) -> [ReplicaID] {
        value.array.compactMap { $0.integer().map { ReplicaID($0) } }
    }

    private func events(_ value: JSONValue) throws -> [ClusterTimeline.Event] {
        try value.array.map { event in
            ClusterTimeline.Event(
                sequence: try #require(event["sequence"].integer()),
                timestampMilliseconds: try #require(event["timestamp_millis"].integer()),
                kind: try #require(
                    ClusterTimeline.Kind.allCases.first {
                        "\($0)".lowercased() == event["kind"].string?.lowercased()
                    }),
                replica: event["replica_id"].integer().map { ReplicaID($0) },
                detail: event["detail"].string)
        }
    }
}

@Suite("Addresses have one spelling")
struct NetworkAddressTests {
    @Test(
        "what is read is written in the shortest form",
        arguments: [
            ("127.0.0.1:017", "127.0.0.1:17"), ("[::]:1", "[::]:1"),
            ("[1:0:0:2:0:0:0:3]:1", "[1:0:0:2::3]:1"), ("[1:0:0:2:0:0:3:4]:1", "[1::2:0:0:3:4]:1"),
            ("[1:0:2:3:4:5:6:7]:1", "[1:0:2:3:4:5:6:7]:1"), ("[ABCD::]:1", "[abcd::]:1"),
            ("[::1.2.3.4]:1", "[::102:304]:1"), ("[::ffff:1.2.3.4]:1", "[::ffff:1.2.3.4]:1"),
            ("[1:2:3:4:5:6:7.8.9.10]:1", "[1:2:3:4:5:6:708:90a]:1"),
            ("[fe80::1%0]:1", "[fe80::1]:1"),
            ("[1::0:0]:1", "[1::]:1"),
        ])
    func canonical(text: String, expected: String) {
        #expect(NetworkAddress(text)?.description == expected)
    }

    @Test(
        "what is none is refused",
        arguments: [
            "", ":", "1.2.3:4", "1.2.3.256:4", "1.2.3.4", "1.2.3.4:", "1.2.3.4:5 ", "1.2.3.4:5x",
            "[::1]",
            "::1:5", "[::1:5", "[1:2:3:4:5:6:7]:1", "[1:2:3:4:5:6:7:8:9]:1", "[1::2::3]:1",
            "[12345::]:1",
            "[1.2.3.4::]:1", "[::1%]:1", "[::1%x]:1", "0x7f.0.0.1:1", "host:1",
        ])
    func refused(text: String) {
        #expect(NetworkAddress(text) == nil)
    }
}
