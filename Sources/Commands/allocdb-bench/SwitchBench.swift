import Switch
import Synchronization
import SystemCalls

/// What the user-space switch carries and how much later frames arrive through it, each beside
/// the same frames without a switch between.
struct SwitchBench {
    /// Length of each measured load.
    var seconds: Int

    /// A full Ethernet frame.
    static let frameBytes = 1514
    static let exchanges = 20_000
    /// Frames under way at most: as every protocol that carries much, the sender waits for its
    /// receiver.
    static let window = 1024

    func run() throws -> String {
        var report = BenchReport()
        let direct = try throughput(through: nil)
        let ethernet = try EthernetSwitch(seed: 1)
        defer { ethernet.stop() }
        let cables = try Cables(ethernet)
        let before = OwnThreads.processorTime(of: "switch")
        let switched = try throughput(through: cables)
        let after = OwnThreads.processorTime(of: "switch")
        report.number(
            "full frames, one socket pair, MB/s", direct.megabytesPerSecond, goal: "the yardstick")
        report.number(
            "full frames between two ports, MB/s", switched.megabytesPerSecond, goal: ">= 200")
        if let before, let after {
            // Of the switch alone, whatever else the machine does meanwhile.
            let each = Double((after - before).wholeNanoseconds) / Double(max(1, switched.sent))
            report.number("  processor time of the switch per frame, us", each / 1000, goal: "none")
            report.number(
                "  what it carries with a core of its own, MB/s",
                Double(Self.frameBytes) * 1000 / max(1, each), goal: ">= 200")
        }
        report.number("  share of frames lost, %", switched.lostPercent, goal: "0")
        report.number(
            "  part of the yardstick", switched.megabytesPerSecond / direct.megabytesPerSecond,
            goal: "none")

        let near = try roundTrips(through: nil)
        let far = try roundTrips(through: cables)
        report.line("round trip of 60 bytes, one socket pair", near.summary)
        report.line("round trip of 60 bytes through the switch", far.summary)
        let added = Double((far.median - near.median).wholeNanoseconds) / 2000
        report.number("  added each way, us", added, goal: "< 50")
        try taps(&report)
        return report.text
    }

    // MARK: - Socket pairs

    /// Two ports of the switch and the far ends of their cables.
    private struct Cables {
        let first: FileDescriptor
        let second: FileDescriptor

        init(_ ethernet: EthernetSwitch) throws {
            let one = try PacketPair()
            let two = try PacketPair()
            _ = try ethernet.attach(PacketPort(one.first))
            _ = try ethernet.attach(PacketPort(two.first))
            first = one.second
            second = two.second
            // The switch learns where both are, so that nothing is sent to all later.
            for (end, frame) in [
                (first, SwitchBench.frame(60, from: 1, to: 2)),
                (second, SwitchBench.frame(60, from: 2, to: 1)),
            ] {
                _ = try frame.withUnsafeBytes { bytes throws(SystemError) in try end.write(bytes) }
            }
            for end in [first, second] {
                _ = try end.waitUntilReadable(.after(.seconds(1)))
                while (try? end.read(atMost: 2048)) != nil {}
            }
        }
    }

    private static func frame(_ byteCount: Int, from: UInt8, to: UInt8) -> [UInt8] {
        [2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from, 8, 0]
            + [UInt8](repeating: 0x55, count: byteCount - 14)
    }

    private struct Throughput {
        let sent: Int
        let received: Int
        let time: Duration

        var megabytesPerSecond: Double {
            Double(received * SwitchBench.frameBytes) / 1e6
                / (Double(time.wholeNanoseconds) / 1e9)
        }
        var lostPercent: Double { Double(sent - received) * 100 / Double(max(1, sent)) }
    }

    private func throughput(through cables: Cables?) throws -> Throughput {
        let pair = try PacketPair()
        let near = cables?.first ?? pair.first
        let far = cables?.second ?? pair.second
        let end = Deadline.after(.seconds(seconds))
        let sent = Mutex(0)
        let arrived = Atomic<Int>(0)
        let start = Instant.now
        let sender = try WorkerThread(name: "sender") {
            let frame = Self.frame(Self.frameBytes, from: 1, to: 2)
            var count = 0
            while !end.isPassed {
                if count - arrived.load(ordering: .relaxed) >= Self.window {
                    sleepThread(for: .microseconds(20))
                    continue
                }
                let isTaken = frame.withUnsafeBytes { (try? near.write($0)) != nil }
                if isTaken {
                    count += 1
                } else {
                    _ = try? near.waitUntilWritable(end)
                }
            }
            sent.withLock { $0 = count }
        }
        var received = 0
        var last = start
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 2048, alignment: 16)
        defer { buffer.deallocate() }
        // What is under way at the end still counts.
        while try far.waitUntilReadable(Deadline(end.instant + .milliseconds(200))) {
            while let count = try? far.read(into: buffer), count > 0 {
                received += 1
                arrived.store(received, ordering: .relaxed)
            }
            last = .now
        }
        sender.join()
        return Throughput(sent: sent.withLock { $0 }, received: received, time: last - start)
    }

    private func roundTrips(through cables: Cables?) throws -> Latencies {
        let pair = try PacketPair()
        let near = cables?.first ?? pair.first
        let far = cables?.second ?? pair.second
        let echo = try WorkerThread(name: "echo") {
            let answer = Self.frame(60, from: 2, to: 1)
            for _ in 0..<Self.exchanges {
                guard (try? far.waitUntilReadable(.after(.seconds(5)))) == true else { return }
                _ = try? far.read(atMost: 2048)
                _ = answer.withUnsafeBytes { try? far.write($0) }
            }
        }
        var times: [Int64] = []
        let question = Self.frame(60, from: 1, to: 2)
        for _ in 0..<Self.exchanges {
            let start = Instant.now
            _ = try question.withUnsafeBytes { bytes throws(SystemError) in
                try near.write(bytes)
            }
            guard try near.waitUntilReadable(.after(.seconds(5))) else { break }
            _ = try near.read(atMost: 2048)
            times.append((Instant.now - start).wholeNanoseconds)
        }
        echo.join()
        return Latencies(nanoseconds: times)
    }

    // MARK: - Taps

    /// One TCP stream between two network namespaces, beside one inside a single namespace.
    private func taps(_ report: inout BenchReport) throws {
        let ethernet = try EthernetSwitch(seed: 1)
        defer { ethernet.stop() }
        var hosts: [NetworkNamespace] = []
        defer { for host in hosts { host.end() } }
        for number in 1...2 {
            let host: NetworkNamespace
            do throws(SystemError) {
                host = try NetworkNamespace(name: "host-\(number)")
            } catch {
                report.line("one TCP stream between two taps", "not measured: \(error)")
                return
            }
            hosts.append(host)
            let tap = try host.perform { () throws(SystemError) in
                try NetworkInterfaces.makeTap(
                    InterfaceSettings(
                        name: "net0",
                        hardwareAddress: HardwareAddress(
                            rawValue: 0x0200_0000_0000 + UInt64(number)),
                        address: 0x0a4d_0000 + UInt32(number)))
            }
            _ = try ethernet.attach(PacketPort(tap))
        }
        let inside = try stream(from: hosts[1], to: hosts[1])
        let between = try stream(from: hosts[0], to: hosts[1])
        report.number("one TCP stream inside a namespace, MB/s", inside, goal: "the yardstick")
        report.number("one TCP stream between two taps, MB/s", between, goal: "none")
    }

    private func stream(
        from client: NetworkNamespace, to server: NetworkNamespace
    ) throws -> Double {
        let address = SocketAddress(host: .ipv4(0x0a4d_0002), port: 7001)
        let listener = try server.perform { () throws(SystemError) in
            try TCPListener(binding: address)
        }
        let near = try TCPConnection.connect(
            to: address, in: .namespace(client), until: .after(.seconds(10)))
        defer { near.close() }
        _ = try listener.descriptor.waitUntilReadable(.after(.seconds(10)))
        guard let far = try listener.accept() else { return 0 }
        defer { far.close() }
        let start = Instant.now
        let end = Deadline.after(.seconds(seconds))
        let sender = try WorkerThread(name: "sender") {
            let bytes = [UInt8](repeating: 0x55, count: 64 << 10)
            while !end.isPassed {
                let taken = bytes.withUnsafeBytes { (try? near.send($0)) ?? 0 }
                if taken == 0 { _ = try? near.descriptor.waitUntilWritable(end) }
            }
            try? near.finishSending()
        }
        var received = 0
        var last = start
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
        defer { buffer.deallocate() }
        while try far.descriptor.waitUntilReadable(.after(.seconds(5))) {
            guard let count = try? far.descriptor.read(into: buffer), count > 0 else { break }
            received += count
            last = .now
        }
        sender.join()
        return Double(received) / 1e6 / (Double((last - start).wholeNanoseconds) / 1e9)
    }
}
