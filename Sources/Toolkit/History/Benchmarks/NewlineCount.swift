import Glibc
import SystemCalls

/// The yardstick for reading text: how long one core takes to read a file and count its lines.
public enum NewlineCount {
    public static func lines(of path: String) throws(TextHistoryError) -> Int {
        var lines = 0
        var buffer = [UInt8](repeating: 0, count: HistoryFile.portion)
        do throws(SystemError) {
            let file = try FileSystem.open(path, .readOnly)
            while true {
                let count = try HistoryFile.read(file, into: &buffer)
                if count == 0 { return lines }
                lines += newlines(in: buffer, count: count)
            }
        } catch {
            throw TextHistoryError(
                .unreadable("\(error.text) (os error \(error.code))"), line: nil)
        }
    }

    private static func newlines(in buffer: [UInt8], count: Int) -> Int {
        buffer.withUnsafeBytes { bytes in
            guard var next = bytes.baseAddress else { return 0 }
            let end = next + count
            var lines = 0
            while let hit = memchr(next, 0x0a, end - next) {
                lines += 1
                next = UnsafeRawPointer(hit) + 1
            }
            return lines
        }
    }
}
