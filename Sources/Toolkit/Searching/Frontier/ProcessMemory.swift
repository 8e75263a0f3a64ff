import Glibc

/// What the kernel tells of this process's memory.
public enum ProcessMemory {
    /// The most that was ever resident since the program started, in bytes; nil where the kernel
    /// does not tell. (`getrusage` would count what the parent had as well.)
    public static func peakBytes() -> Int? {
        let file = open("/proc/self/status", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 8192)
        let count = read(file, &bytes, bytes.count)
        guard count > 0 else { return nil }
        for line in bytes[..<count].split(separator: UInt8(ascii: "\n")) {
            guard line.starts(with: "VmHWM:".utf8) else { continue }
            let digits = line.filter { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            return Int(String(decoding: digits, as: UTF8.self)).map { $0 * 1024 }
        }
        return nil
    }
}
