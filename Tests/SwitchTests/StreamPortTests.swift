import Switch
import SystemCalls
import TestSupport
import Testing

/// Both ends of a stream as QEMU and the switch have it.
private func withStream<Value>(
    _ body: (_ near: FileDescriptor, _ far: FileDescriptor) throws -> Value
) throws -> Value {
    try withTemporaryFolder { folder in
        let listener = try UnixListener(at: Path.join(folder, "net"))
        let near = try UnixSocket.connect(to: listener.path, until: .after(.seconds(20)))
        let far = try #require(try listener.accept())
        return try body(near, far)
    }
}

private func wire(_ frame: [UInt8]) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: frame.count >> $0) } + frame
}

private func receive(_ port: StreamPort) throws -> [UInt8]? {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
    defer { buffer.deallocate() }
    return try port.receive(into: buffer).map { Array(buffer[..<$0]) }
}

@Suite("A port whose frames travel in a stream")
struct StreamPortTests {
    static let frames = [60, 14, 1514, 65_536].map { count in
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ count) }
    }

    @Test("frames come whole, however the stream was cut", arguments: [1, 3, 4, 5, 61, 70_000])
    func pieces(size: Int) throws {
        try withStream { near, far in
            let port = StreamPort(near)
            let bytes = Self.frames.flatMap(wire)
            var received: [[UInt8]] = []
            var start = 0
            while start < bytes.count {
                let end = min(bytes.count, start + size)
                try far.sendAll(Array(bytes[start..<end]), until: .after(.seconds(20)))
                while let frame = try receive(port) { received.append(frame) }
                start = end
            }
            #expect(received == Self.frames)
        }
    }

    @Test("what waits is always visible to who waits for it")
    func readiness() throws {
        try withStream { near, far in
            let port = StreamPort(near)
            try far.sendAll(
                (0..<300).flatMap { _ in wire([UInt8](repeating: 5, count: 14)) },
                until: .after(.seconds(20)))
            for _ in 0..<300 {
                #expect(try near.waitUntilReadable(.after(.milliseconds(1))))
                #expect(try receive(port)?.count == 14)
            }
            #expect(try receive(port) == nil)
        }
    }

    @Test("a frame for which there is half of the room is not lost, and garbles none")
    func partial() throws {
        try withStream { near, far in
            let port = StreamPort(near)
            let frame = Self.frames[3]
            var taken = 0
            while try frame.withUnsafeBytes({ try port.send($0) }) { taken += 1 }
            #expect(try !port.finishSending())
            var stream: [UInt8] = []
            while true {
                while let bytes = try? far.read(atMost: 1 << 20), !bytes.isEmpty { stream += bytes }
                if try port.finishSending() { break }
            }
            while let bytes = try? far.read(atMost: 1 << 20), !bytes.isEmpty { stream += bytes }
            #expect(taken > 1)
            #expect(stream == (0..<taken).flatMap { _ in wire(frame) })
            // And there is room again.
            #expect(try frame.withUnsafeBytes { try port.send($0) })
        }
    }

    @Test("a frame longer than there is, and the end of the stream, end the port")
    func ends() throws {
        try withStream { near, far in
            try far.sendAll([0, 1, 0, 1], until: .after(.seconds(20)))
            #expect(throws: SystemError.self) { try receive(StreamPort(near)) }
        }
        try withStream { near, far in
            far.close()
            #expect(throws: SystemError.self) { try receive(StreamPort(near)) }
            #expect(throws: SystemError.self) {
                try [UInt8](repeating: 0, count: 60).withUnsafeBytes {
                    try StreamPort(near).send($0)
                }
            }
        }
    }

    @Test("two streams meet on the switch, and a rule outlives the cable it was made for")
    func onTheSwitch() throws {
        let ethernet = try EthernetSwitch(seed: 1)
        defer { ethernet.stop() }
        try withStream { nearA, farA in
            try withStream { nearB, farB in
                let a = try ethernet.attach(StreamPort(nearA))
                let b = try ethernet.attach(StreamPort(nearB))
                try pass(frame(from: a, to: nil, number: 1), from: farA, to: farB)
                try pass(frame(from: b, to: nil, number: 2), from: farB, to: farA)
                // A thousand frames that nobody reads meanwhile: more than the stream holds.
                let many = (0..<1000).flatMap {
                    wire(frame(from: a, to: b, number: $0, byteCount: 1514))
                }
                let sender = try WorkerThread(name: "sender") {
                    try? farA.sendAll(many, until: .after(.seconds(60)))
                }
                sleepThread(for: .milliseconds(50))
                #expect(try read(many.count, from: farB) == many)
                sender.join()
                let cut = ethernet.change(adding: [
                    SwitchRule([LinkPattern(from: a, to: b)], [.cut], lease: .seconds(3600))
                ])
                farB.close()
                try withStream { nearNew, farNew in
                    try ethernet.reattach(StreamPort(nearNew), as: b)
                    try farA.sendAll(
                        wire(frame(from: a, to: b, number: 3)), until: .after(.seconds(20)))
                    while ethernet.status(of: cut[0])?.counts.dropped == 0 {
                        sleepThread(for: .milliseconds(1))
                    }
                    ethernet.change(adding: [], removing: cut)
                    try pass(frame(from: a, to: b, number: 4), from: farA, to: farNew)
                    try pass(frame(from: b, to: a, number: 5), from: farNew, to: farA)
                    #expect(ethernet.failure(of: b) == nil)
                    #expect(throws: SystemError.self) {
                        try ethernet.reattach(StreamPort(nearNew), as: PortID(7))
                    }
                }
            }
        }
    }

    private func pass(
        _ frame: [UInt8], from: FileDescriptor, to: FileDescriptor
    ) throws {
        try from.sendAll(wire(frame), until: .after(.seconds(20)))
        #expect(try read(wire(frame).count, from: to) == wire(frame))
    }

    private func read(_ count: Int, from end: FileDescriptor) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count, try end.waitUntilReadable(.after(.seconds(60))) {
            bytes += try end.read(atMost: count - bytes.count)
        }
        return bytes
    }
}
