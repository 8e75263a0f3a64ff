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
