import SystemCalls

/// What the kernel tells of a process under /proc.
struct ProcessFacts {
    let processID: UInt32

    struct Unreadable: Error, CustomStringConvertible {
        let description: String
    }

    /// CPU time used so far, in hundredths of a second (the kernel's clock ticks).
    func cpuTicks() throws -> Int {
        let fields = try words(of: "stat", after: ")")
        guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else {
            throw Unreadable(description: "unexpected /proc/\(processID)/stat")
        }
        return user + system
    }

    func residentBytes() throws -> Int {
        let fields = try words(of: "statm", after: nil)
        guard fields.count > 1, let pages = Int(fields[1]) else {
            throw Unreadable(description: "unexpected /proc/\(processID)/statm")
        }
        return pages * 4096
    }

    /// The name of the program stands in parentheses and may hold blanks: cut behind it.
    private func words(of file: String, after mark: Character?) throws -> [Substring] {
        let bytes = try FileSystem.read("/proc/\(processID)/\(file)", limit: 1 << 16)
        let text = String(decoding: bytes, as: UTF8.self)
        let start = mark.flatMap { text.lastIndex(of: $0) }.map { text.index(after: $0) }
        return text[(start ?? text.startIndex)...].split(separator: " ")
    }
}

/// The threads of this process, by the names they were started with.
enum OwnThreads {
    /// How long the first thread of that name has been on a processor; nil where the system does
    /// not say.
    static func processorTime(of name: String) -> Duration? {
        for thread in (try? FileSystem.list("/proc/self/task")) ?? [] {
            let folder = "/proc/self/task/\(thread)"
            guard let bytes = try? FileSystem.read("\(folder)/comm", limit: 64),
                String(decoding: bytes, as: UTF8.self) == name + "\n",
                let times = try? FileSystem.read("\(folder)/schedstat", limit: 256)
            else { continue }
            let first = String(decoding: times, as: UTF8.self).split(separator: " ").first
            return first.flatMap { Int64($0) }.map { .nanoseconds($0) }
        }
        return nil
    }
}
