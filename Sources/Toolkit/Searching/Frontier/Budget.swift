import Glibc

/// Watches time and memory for one search. Memory is what was resident at the start plus what the
/// search's own structures have touched since.
final class Budget {
    struct Exhausted: Error {
        var budget: Exhaustion.Budget
    }

    private let deadline: ContinuousClock.Instant?
    private let memoryLimit: Int?
    private let residentAtStart: Int
    private var used = 0
    private var countdown = stepsBetweenLooks

    private static let stepsBetweenLooks = 256

    init(_ limits: SearchLimits) {
        deadline = limits.time.map { ContinuousClock.now + $0 }
        memoryLimit = limits.memory
        residentAtStart = limits.memory == nil ? 0 : Self.residentBytes()
    }

    /// To be called for each step whose length does not depend on the history.
    func step() throws(Exhausted) {
        countdown -= 1
        if countdown > 0 { return }
        countdown = Self.stepsBetweenLooks
        try look()
    }

    func look() throws(Exhausted) {
        if let deadline, ContinuousClock.now >= deadline { throw Exhausted(budget: .time) }
        try allow(0)
    }

    /// Asks before `bytes` more are touched.
    func allow(_ bytes: Int) throws(Exhausted) {
        guard let memoryLimit, residentAtStart + used + bytes > memoryLimit else { return }
        throw Exhausted(budget: .memory)
    }

    func touched(_ bytes: Int) { used += bytes }

    /// Pages of this process in memory, in bytes; 0 where the kernel does not tell.
    static func residentBytes() -> Int {
        let file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 128)
        let count = read(file, &bytes, bytes.count)
        guard count > 0 else { return 0 }
        let fields = bytes[..<count].split(separator: UInt8(ascii: " "))
        guard fields.count > 1, let pages = Int(String(decoding: fields[1], as: UTF8.self)) else {
            return 0
        }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
