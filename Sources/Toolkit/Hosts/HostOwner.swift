import SystemCalls

/// The tool that a folder on a machine belongs to, so that a later one on the same host can see
/// whether it is gone.
struct HostOwner: Hashable {
    /// Names this machine since it was started.
    let boot: String
    let process: Int32
    /// In clock ticks since boot.
    let startTime: UInt64

    static var own: HostOwner {
        HostOwner(
            boot: currentBoot, process: Processes.ownID,
            startTime: Processes.startTime(of: Processes.ownID) ?? 0)
    }

    private static var currentBoot: String {
        let bytes = (try? FileSystem.read("/proc/sys/kernel/random/boot_id", limit: 64)) ?? []
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    private init(boot: String, process: Int32, startTime: UInt64) {
        self.boot = boot
        self.process = process
        self.startTime = startTime
    }

    /// Nil for what is no token of ours.
    init?(token: String) {
        let parts = token.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let process = Int32(parts[1]), let start = UInt64(parts[2]) else {
            return nil
        }
        self.init(boot: String(parts[0]), process: process, startTime: start)
    }

    var token: String { "\(boot):\(process):\(startTime)" }

    /// Certainly gone: a process of this machine that does not run any more. Of tools elsewhere
    /// nothing is known.
    var isGone: Bool {
        guard boot == Self.currentBoot, !boot.isEmpty else { return false }
        return !Processes.isAlive(process) || Processes.startTime(of: process) != startTime
    }
}
