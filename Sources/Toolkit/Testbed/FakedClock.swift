import ByteCoding
import FaultyDisk
import LeaseKernel
import SystemCalls

/// The clocks that one daemon is given through libfaketime: a preloaded library that answers the
/// daemon's questions for the time from a file, which may change at any moment.
///
/// Each start of the daemon gets a fresh shared record in which the library notes when the clocks
/// began. Whoever is started with the same record sees exactly the daemon's clocks, which is how
/// they are read from outside. The record also spares the library making one of its own: it would
/// leave that behind after a kill, and by changing the environment it would hide the command line
/// from Swift's runtime.
struct FakedClock: Sendable {
    static let libraries = [
        "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
        "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
        "/usr/lib/faketime/libfaketimeMT.so.1",
    ]
    /// Shared records are files here, semaphores with a prefix of the C library's.
    static let recordFolder = "/dev/shm"
    static let semaphorePrefix = "sem."
    /// A file with this content means true clocks. The pace is always said: the library keeps the
    /// last one otherwise.
    static let trueTime = "+0 x1\n"

    let library: String
    /// What the clock shows, in the library's words.
    let path: String
    private let recordPrefix: String
    private var starts = 0
    /// The pace of all clocks from the next start on.
    var rateAtStart: Double?

    static func recordPrefix(of workspace: String) -> String {
        "\(Path.lastComponent(of: workspace))-clock-"
    }

    init(of replica: ReplicaID, in workspace: String, library: String) throws(SystemError) {
        self.library = library
        path = "\(workspace)/clocks/replica-\(replica).txt"
        recordPrefix = "\(Self.recordPrefix(of: workspace))\(replica)-"
        try FileSystem.createFolders("\(workspace)/clocks")
        try write(Self.trueTime)
    }

    private var record: String { "\(recordPrefix)\(starts)" }
    private var recordPath: String { Path.join(Self.recordFolder, record) }

    /// Makes a fresh record for a start of the daemon and says with which environment to start.
    mutating func begin() throws(SystemError) -> [String: String] {
        removeRecord()
        starts += 1
        removeRecord()
        try Semaphores.create("/" + record)
        // Two counters at zero, then times that are not known yet: seconds 0, nanoseconds -1.
        var writer = ByteWriter()
        for _ in 0..<2 { writer.write(UInt64(0)) }
        for _ in 0..<32 {
            writer.write(UInt64(0))
            writer.write(UInt64.max)
        }
        try FileSystem.write(writer.bytes, to: recordPath)
        if let rateAtStart { try write("+0 x\(Self.text(rateAtStart))\n") }
        return environment
    }

    /// With what to start a process that sees the daemon's clocks.
    var environment: [String: String] {
        var variables = Environment.all
        variables["LD_PRELOAD"] = library
        variables["FAKETIME_TIMESTAMP_FILE"] = path
        variables["FAKETIME_NO_CACHE"] = "1"
        variables["FAKETIME_SHARED"] = "/\(record) /\(record)"
        // Waits stay true unless all clocks are meant.
        if rateAtStart == nil { variables["FAKETIME_DONT_FAKE_MONOTONIC"] = "1" }
        return variables
    }

    /// Sets the wall clock of the running daemon, so that it goes on from `ahead` at a new pace.
    func set(ahead: Duration, rate: Double) throws(SystemError) {
        // The library counts from the start of its clocks: start + offset + passed * rate.
        let passed = try elapsed()
        let aheadSeconds = Double(ahead.wholeNanoseconds) / 1e9
        let offset = aheadSeconds + passed * (1 - rate)
        try write("\(offset < 0 ? "-" : "+")\(Self.text(abs(offset))) x\(Self.text(rate))\n")
    }

    func correct() throws(SystemError) { try write(Self.trueTime) }

    /// Seconds since the clocks began; 0 when they did not begin yet.
    private func elapsed() throws(SystemError) -> Double {
        let bytes = try FileSystem.read(recordPath, limit: 1 << 16)
        var reader = ByteReader(bytes, range: 16..<32)
        guard let seconds = try? reader.readUInt64(), let nanoseconds = try? reader.readUInt64(),
            nanoseconds < 1_000_000_000
        else { return 0 }
        let began = Double(seconds) + Double(nanoseconds) / 1e9
        return max(0, Double(WallClock.nanoseconds) / 1e9 - began)
    }

    private func write(_ text: String) throws(SystemError) {
        // A reader finds the old text or the new one, never a part.
        try FileSystem.write(Array(text.utf8), to: path + ".tmp")
        try FileSystem.rename(path + ".tmp", to: path)
    }

    /// Digits and a point, never an exponent, which the library would not understand.
    static func text(_ number: Double) -> String {
        let micros = Int64((number * 1e6).rounded())
        let fraction = "\(micros % 1_000_000)"
        let zeros = String(repeating: "0", count: 6 - fraction.count)
        return "\(micros / 1_000_000).\(zeros)\(fraction)"
    }

    func removeRecord() {
        _ = try? FileSystem.removeFile(recordPath)
        _ = try? FileSystem.removeFile(
            Path.join(Self.recordFolder, Self.semaphorePrefix + record))
    }

    /// Removes the records of all clocks of a workspace; what a killed tool left as well.
    static func removeRecords(of workspace: String) {
        let prefix = recordPrefix(of: workspace)
        for name in (try? FileSystem.list(recordFolder)) ?? []
        where name.hasPrefix(prefix) || name.hasPrefix(semaphorePrefix + prefix) {
            _ = try? FileSystem.removeFile(Path.join(recordFolder, name))
        }
    }
}
