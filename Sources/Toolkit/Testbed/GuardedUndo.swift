import ByteCoding
import DurableFiles
import SystemCalls

/// What undoes one fault on this machine without knowing anything else.
public enum GuardedUndo: Hashable, Sendable {
    /// Signals a process, if it still is the one that was started then (in clock ticks since
    /// boot; nil when that could not be read).
    case signal(process: Int32, startTime: UInt64?, number: Int32)
    /// Gives a file this content.
    case replaceFile(path: String, content: [UInt8])

    func perform() {
        switch self {
        case .signal(let process, let startTime, let number):
            guard startTime == nil || Processes.startTime(of: process) == startTime else { return }
            _ = try? Processes.signal(process, number)
        case .replaceFile(let path, let content):
            // A workspace that is gone needs no healing.
            guard FileSystem.exists(path) else { return }
            _ = try? DurableFiles.replace(path, with: content)
        }
    }

    /// Words without blanks inside.
    var words: [String] {
        switch self {
        case .signal(let process, let startTime, let number):
            ["signal", "\(process)", startTime.map { "\($0)" } ?? "unknown", "\(number)"]
        case .replaceFile(let path, let content):
            ["replace", Hexadecimal.encode(path.utf8), "x" + Hexadecimal.encode(content)]
        }
    }

    init?(words: ArraySlice<Substring>) {
        let words = Array(words)
        switch words.first {
        case "signal" where words.count == 4:
            guard let process = Int32(words[1]), process > 0, let number = Int32(words[3]),
                let start = words[2] == "unknown" ? UInt64?.none : UInt64(words[2])
            else { return nil }
            self = .signal(process: process, startTime: start, number: number)
        case "replace" where words.count == 3 && words[2].hasPrefix("x"):
            guard let path = Hexadecimal.decode(String(words[1])),
                let content = Hexadecimal.decode(String(words[2].dropFirst()))
            else { return nil }
            self = .replaceFile(path: String(decoding: path, as: UTF8.self), content: content)
        case _: return nil
        }
    }
}

/// The undos that a guard holds: a machine that is told lines and the time, and answers what to
/// do. Lines are `arm KEY LEASE_MILLIS UNDO...`, `disarm KEY`, and `end`.
struct GuardedUndos {
    private struct Entry {
        let key: String
        let undo: GuardedUndo
        let due: Instant
    }

    /// Oldest first.
    private var entries: [Entry] = []
    /// Told to end: nothing is left to undo.
    private(set) var hasEnded = false

    /// When the next lease runs out.
    var nextDue: Instant? { entries.map(\.due).min() }

    /// Takes a line; false when it is none of ours.
    mutating func take(_ line: Substring, at now: Instant) -> Bool {
        let words = line.split(separator: " ")
        switch words.first {
        case "arm" where words.count > 3:
            guard let lease = Int64(words[2]), let undo = GuardedUndo(words: words.dropFirst(3))
            else { return false }
            let key = String(words[1])
            entries.removeAll { $0.key == key }
            entries.append(Entry(key: key, undo: undo, due: now + .milliseconds(lease)))
        case "disarm" where words.count == 2: entries.removeAll { $0.key == words[1] }
        case "end" where words.count == 1:
            entries = []
            hasEnded = true
        case _: return false
        }
        return true
    }

    /// Takes out what is due, newest first.
    mutating func takeDue(at now: Instant) -> [GuardedUndo] {
        let due = entries.filter { $0.due <= now }
        entries.removeAll { $0.due <= now }
        return due.reversed().map(\.undo)
    }

    /// Takes out everything, newest first: nobody is left who could undo it.
    mutating func takeAll() -> [GuardedUndo] {
        defer { entries = [] }
        return entries.reversed().map(\.undo)
    }
}
