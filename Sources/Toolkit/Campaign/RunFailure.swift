import History
import Reporting
import SystemCalls
import Testbed

/// Why a run could not be brought to its end. It decides nothing about the daemon: a violation
/// that was found before stays one.
enum RunFailure: Error, Sendable, CustomStringConvertible {
    case testbed(String)
    case record(HistoryFileError)
    case files(SystemError)
    case interrupted

    init(_ error: TestbedError) {
        switch error {
        case .interrupted: self = .interrupted
        case .system, .layout, .endedWhileStarting, .didNotAnswer, .didNotConverge,
            .unknownReplica, .controlRequestFailed, .noGuard, .refused, .noDisk, .disk, .noClock,
            .machine:
            self = .testbed("\(error)")
        }
    }

    var description: String {
        switch self {
        case .testbed(let text): text
        case .record(let error): "the record could not be written: \(error)"
        case .files(let error): "\(error)"
        case .interrupted: "interrupted"
        }
    }
}
