import ClusterProtocol
import ClusterRunner
import LeaseKernel
import Synchronization
import SystemCalls

/// What the three-replica cluster costs: writes, reads, and doing nothing, each beside a bare
/// append-and-sync on the same disk in the same run.
struct ClusterBench {
    /// Length of each measured load.
    var seconds: Int
    /// Where the workspace is made; its disk is the one measured.
    var folder: String
    /// The program with the `replica-daemon` command.
    var daemon: String

    func run() throws -> String {
        var report = BenchReport()
        let workspace = Path.join(folder, "cluster")
        let runner = ClusterCommands(daemonExecutable: daemon) { _ in }
        try BenchCluster.prepare(workspace: workspace)
        try runner.start(workspace: workspace)
        defer { try? runner.stop(workspace: workspace) }
        let cluster = try BenchCluster(workspace: workspace)
        try cluster.createResources()

        // First, while nothing but the cluster itself takes memory and time.
        let idle = try cluster.idle(seconds: max(seconds, 5))
        report.number("idle CPU of three replicas, % of a core", idle.cpuPercent, goal: "< 1")
        report.number(
            "largest resident memory of a replica, MB", idle.residentMegabytes, goal: "< 30")

        // Turn by turn, so that whatever else the disk does falls on both.
        var sync = Latencies(nanoseconds: [])
        var one = Latencies(nanoseconds: [])
        for _ in 0..<seconds {
            sync.merge(try SyncProbe.measure(folder: folder, seconds: 1))
            one.merge(try cluster.submitLoad(clients: 1, seconds: 1).latency)
        }
        report.line("append 80 bytes + fsync, alone", sync.summary)
        report.line("submit, 1 client", one.summary)
        report.ratio("  median / one fsync", one.median, sync.median, goal: "<= 3")

        let before = try cluster.journalSyncs()
        let many = try cluster.submitLoad(clients: 64, seconds: seconds)
        let syncs = try cluster.journalSyncs() - before
        report.line("submit, 64 clients", many.latency.summary)
        report.line("  submits", "\(many.latency.count), \(many.latency.count / seconds) per s")
        report.number(
            "  submits per sync of the primary's journal",
            Double(many.latency.count) / Double(max(1, syncs)), goal: ">= 20")

        let idleReads = try cluster.readLoad(clients: 1, seconds: seconds, writers: 0)
        report.line("read, 1 client, no writes", idleReads.latency.summary)
        let busyReads = try cluster.readLoad(clients: 1, seconds: seconds, writers: 8)
        report.line("read, 1 client, beside 8 writers", busyReads.latency.summary)
        // What the writers add is their share of the processors: a read never waits for a disk.
        report.ratio(
            "  median / the same without writers", busyReads.latency.median,
            idleReads.latency.median)
        return report.text
    }
}

/// Aligned lines, and figures beside what they should be.
struct BenchReport {
    private(set) var text = ""

    mutating func line(_ what: String, _ value: String) {
        let padding = String(repeating: " ", count: max(1, 46 - what.count))
        text += "\(what)\(padding)\(value)\n"
    }

    mutating func ratio(
        _ what: String, _ value: Duration, _ yardstick: Duration, goal: String? = nil
    ) {
        number(
            what, Double(value.wholeNanoseconds) / Double(max(1, yardstick.wholeNanoseconds)),
            goal: goal)
    }

    mutating func number(_ what: String, _ value: Double, goal: String?) {
        let hundredths = Int((value * 100).rounded())
        let fraction = hundredths % 100
        line(
            what,
            "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
                + (goal.map { "   (goal \($0))" } ?? ""))
    }
}
