import SystemCalls

/// On what was measured: one line for whoever compares figures.
enum MachineFacts {
    static var line: String {
        let model = value(of: "model name", in: "/proc/cpuinfo") ?? "unknown processor"
        let memory = value(of: "MemTotal", in: "/proc/meminfo") ?? "unknown memory"
        let load = words("/proc/loadavg").split(separator: " ").first ?? "unknown"
        return "machine: \(Processors.count) processors (\(model)), \(memory), load \(load)\n"
    }

    private static func value(of key: String, in path: String) -> String? {
        for line in words(path).split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].split(separator: "\t").first ?? "" == key else {
                continue
            }
            return parts[1].split(separator: " ").joined(separator: " ")
        }
        return nil
    }

    private static func words(_ path: String) -> String {
        guard let bytes = try? FileSystem.read(path, limit: 1 << 20) else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }
}
