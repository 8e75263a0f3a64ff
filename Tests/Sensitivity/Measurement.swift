import BugCatalogue
import Conducting
import DurableFiles
import Matrix
import Nemesis
import Synchronization
import SystemCalls
import Testbed
import Workload

/// Runs with broken daemons, in folders that are looked at first: a run that has ended is never
/// carried out again, so a measurement that was cut off goes on, and one with more seeds adds
/// only those.
struct Measurement: Sendable {
    let matrix: MatrixFile
    let seeds: ClosedRange<UInt64>
    let output: String
    /// Where the programs of the package lie.
    let programs: String
    let isInterrupted: @Sendable () -> Bool
    let tell: @Sendable (String) -> Void

    enum Failure: Error, CustomStringConvertible {
        case noRun(String)

        var description: String {
            switch self {
            case .noRun(let id): "the matrix has no run `\(id)`"
            }
        }
    }

    static func matrix(at path: String) throws -> MatrixFile {
        try MatrixFile(
            try FileSystem.read(path, limit: 1 << 20), file: path,
            vocabulary: MatrixVocabulary(
                testbeds: TestbedKind.allCases.map(\.rawValue),
                styles: WorkloadStyle.allCases.map(\.rawValue), faults: FaultVocabulary.names))
    }

    /// What a row of the table is about.
    enum Subject: Sendable {
        case bug(Bug)
        /// The real daemon, which nobody may blame, in a run of the matrix.
        case sound(MatrixRun, seeds: ClosedRange<UInt64>)
    }

    /// The rows of all subjects, in their order; so many of them are measured side by side, each
    /// with one run after the other.
    func rows(_ subjects: [Subject], lanes: Int) throws -> [Row] {
        let next = Mutex(0)
        let results = Mutex<[Int: Result<Row, any Error>]>([:])
        let threads = try (0..<lanes).map { number in
            try WorkerThread(name: "lane \(number + 1)") {
                while true {
                    let index = next.withLock { next in
                        defer { next += 1 }
                        return next
                    }
                    guard index < subjects.count, !isInterrupted() else { return }
                    let result = Result { try row(subjects[index]) }
                    results.withLock { $0[index] = result }
                }
            }
        }
        for thread in threads { thread.join() }
        return try results.withLock { $0 }.sorted { $0.key < $1.key }.map { try $0.value.get() }
    }

    private func row(_ subject: Subject) throws -> Row {
        switch subject {
        case .bug(let bug): try row(bug)
        case .sound(let run, let seeds): try soundRow(run, seeds: seeds)
        }
    }

    private func row(_ bug: Bug) throws -> Row {
        let facts = bug.facts
        guard let run = matrix.runs.first(where: { $0.runID == facts.run }) else {
            throw Failure.noRun(facts.run)
        }
        let folder = Path.join(output, bug.rawValue)
        let program = try bug.writeProgram(
            in: folder, brokenReplica: Path.join(programs, "BrokenReplica"))
        let detections = try carryOut(run, seeds, program: program, name: bug.rawValue)
        return Row(
            name: bug.rawValue, breaks: facts.breaks, run: facts.run, expected: facts.codes,
            detections: detections)
    }

    private func soundRow(_ run: MatrixRun, seeds: ClosedRange<UInt64>) throws -> Row {
        let detections = try carryOut(
            run, seeds, program: Path.join(programs, "allocdb-local-cluster"),
            name: "sound-\(run.runID)")
        return Row(
            name: "none", breaks: "", run: run.runID, expected: [], detections: detections)
    }

    private func carryOut(
        _ run: MatrixRun, _ seeds: ClosedRange<UInt64>, program: String, name: String
    ) throws -> [Detection] {
        let folder = Path.join(output, name)
        try FileSystem.createFolders(folder)
        var settings = run
        var known = try ended(run, below: folder)
        let missing = seeds.filter { known[$0] == nil }
        if !missing.isEmpty, !isInterrupted() {
            settings.seeds = missing
            let plan = Self.plan(settings, name: name, program: program)
            let campaign = try CampaignFolder.create(below: folder, plan)
            let lock = try campaign.lock()
            defer { lock.release() }
            let conductor = Conductor(
                executable: Path.join(programs, "allocdb-jepsen"), lanes: 1,
                replicaBinary: program, commandLine: CommandLine.arguments,
                isInterrupted: isInterrupted,
                tell: { event in
                    guard case .ended(let request, _, let outcome, _) = event else { return }
                    let codes = Set(outcome.findings.map(\.code)).sorted()
                    tell(
                        "\(name) \(request.runID) seed \(request.seed): \(outcome.verdict.word) "
                            + codes.joined(separator: " "))
                })
            try conductor.carryOut(
                plan.requests, name: name, newAttempt: campaign.newAttempt(of:))
            known = try ended(run, below: folder)
        }
        return seeds.compactMap { known[$0] }
    }

    private static func plan(
        _ run: MatrixRun, name: String, program: String
    ) -> CampaignPlan {
        CampaignPlan(
            MatrixFile(name: name, description: "", runs: [run]), settings: .init(), seed: 0,
            lanes: 1, replicaBinary: program, usualRate: 400, usualConcurrency: 5)
    }

    /// What ended in any campaign below a folder, with the settings that the run has now.
    private func ended(
        _ run: MatrixRun, below folder: String
    ) throws -> [UInt64: Detection] {
        var known: [UInt64: Detection] = [:]
        for name in try FileSystem.list(folder).sorted() where name.hasPrefix("campaign-") {
            let campaign = CampaignFolder(path: Path.join(folder, name))
            guard let plan = try? campaign.plan() else { continue }
            var settings = run
            settings.seeds = plan.requests.map(\.seed)
            let wanted = Self.plan(
                settings, name: plan.name, program: plan.replicaBinary)
            guard wanted.requests == plan.requests else { continue }
            for request in plan.requests where seeds.contains(request.seed) {
                guard let ended = campaign.outcome(of: request), ended.outcome.isFinished else {
                    continue
                }
                known[request.seed] = Detection(
                    ended.outcome, seed: request.seed, attempt: ended.attempt)
            }
        }
        return known
    }
}
