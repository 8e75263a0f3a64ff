import Checking
import Reporting
import Synchronization
import SystemCalls
import Terminal

/// Judges several histories at a time, each on one thread.
struct AnalyzeWork {
    let input: AnalyzeInput
    let selection: PromiseSelection
    let jobs: Int
    /// Whether the events of native records stay in memory.
    let keepsEvents: Bool

    /// Reading and judging nest deeply in odd files.
    private static let stackBytes = 8 << 20

    private final class Progress: Sendable {
        let next = Atomic<Int>(0)
        let results = Mutex<[(index: Int, result: AnalyzeResults.Row)]>([])
    }

    /// The results, the worst first, otherwise in the order given.
    func carryOut() throws(SystemError) -> AnalyzeResults {
        let files = input.files
        if files.count == 1 {
            return AnalyzeResults([row(files[0], jobs: jobs)], selection: selection)
        }
        let progress = Progress()
        let display = ProgressLine(of: files.count)
        var threads: [WorkerThread] = []
        for number in 0..<min(jobs, files.count) {
            threads.append(
                try WorkerThread(name: "judge-\(number)", stackBytes: Self.stackBytes) {
                    while true {
                        let index = progress.next.add(1, ordering: .relaxed).oldValue
                        guard index < files.count else { return }
                        let row = row(files[index], jobs: 1)
                        let done = progress.results.withLock { results in
                            results.append((index, row))
                            return results.count
                        }
                        display.show(done)
                    }
                })
        }
        for thread in threads { thread.join() }
        display.clear()
        let rows = progress.results.withLock { $0 }.sorted { $0.index < $1.index }.map(\.result)
        return AnalyzeResults(rows, selection: selection)
    }

    private func row(_ file: AnalyzeInput.File, jobs: Int) -> AnalyzeResults.Row {
        if let problem = file.problem {
            return AnalyzeResults.Row(path: file.shown, problem: problem)
        }
        let history = JudgedHistory(
            of: file.given, by: selection, jobs: jobs, keepsEvents: keepsEvents)
        return AnalyzeResults.Row(
            path: file.shown == file.given ? history.path : file.shown, history: history)
    }
}

/// How far the work is, on a terminal.
private final class ProgressLine: Sendable {
    private let total: Int
    private let terminal = Terminal.detect(2)
    private let block = Mutex(UpdatingBlock())

    init(of total: Int) { self.total = total }

    func show(_ done: Int) {
        guard terminal.isInteractive else { return }
        block.withLock { block in
            StandardStreams.writeError(
                block.draw(["judged \(done) of \(total) histories"], width: terminal.width))
        }
    }

    func clear() {
        guard terminal.isInteractive else { return }
        block.withLock { StandardStreams.writeError($0.clear()) }
    }
}
