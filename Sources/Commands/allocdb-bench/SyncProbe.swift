import DurableFiles
import SystemCalls

/// The yardstick: one small append and an fsync, again and again, with nothing beside it.
enum SyncProbe {
    static func measure(folder: String, seconds: Int) throws -> Latencies {
        let path = Path.join(folder, "sync-probe")
        let file = try FileSystem.open(path, .append)
        defer { _ = try? FileSystem.removeFile(path) }
        let entry = [UInt8](repeating: 0x5a, count: 80)
        let end = Deadline.after(.seconds(seconds))
        var times: [Int64] = []
        while !end.isPassed {
            let start = Instant.now
            try file.writeAll(entry)
            try file.sync(.full)
            times.append((Instant.now - start).wholeNanoseconds)
        }
        return Latencies(nanoseconds: times)
    }
}
