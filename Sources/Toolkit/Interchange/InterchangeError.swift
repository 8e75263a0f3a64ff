public import History
public import SystemCalls

/// Why a history cannot be read in one form or written in another.
public enum InterchangeError: Error, Equatable, Sendable, CustomStringConvertible {
    case record(HistoryFileError)
    case text(path: String, TextHistoryError)
    case system(SystemError)
    /// A line of JSON or EDN that is none of a history of this tool.
    case malformedEntry(path: String, line: Int, problem: String)
    /// What is asked for cannot be done without inventing something.
    case impossible(String)

    public var description: String {
        switch self {
        case .record(let error): "\(error)"
        case .text(let path, let error):
            "\(path)\(error.line.map { ", line \($0)" } ?? ""): \(error)"
        case .system(let error): "\(error)"
        case .malformedEntry(let path, let line, let problem): "\(path), line \(line): \(problem)"
        case .impossible(let reason): reason
        }
    }

    static func malformed(_ path: String, line: Int, _ problem: String) -> InterchangeError {
        .malformedEntry(path: path, line: line, problem: problem)
    }

    /// Turns an error of the record's own reader and writer into one of these.
    static func ofRecord<Value: ~Copyable>(
        _ body: () throws(HistoryFileError) -> Value
    ) throws(InterchangeError) -> Value {
        do throws(HistoryFileError) {
            return try body()
        } catch {
            throw .record(error)
        }
    }

    /// Turns an error of the system into one of these.
    static func ofSystem<Value: ~Copyable>(
        _ body: () throws(SystemError) -> Value
    ) throws(InterchangeError) -> Value {
        do throws(SystemError) {
            return try body()
        } catch {
            throw .system(error)
        }
    }
}
