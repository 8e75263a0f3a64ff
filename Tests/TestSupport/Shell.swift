import Foundation
import Glibc

/// Runs a shell command of a test and returns what it printed.
public enum Shell {
    public struct Result: Sendable, Equatable {
        public let output: String
        public let status: Int32

        public init(output: String, status: Int32) {
            self.output = output
            self.status = status
        }
    }

    /// Whether a program is on the search path.
    public static func has(_ program: String) -> Bool {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return path.split(separator: ":").contains { folder in
            FileManager.default.isExecutableFile(atPath: "\(folder)/\(program)")
        }
    }

    /// Runs `line` with /bin/sh; standard error is not collected unless the line redirects it.
    public static func run(_ line: String) -> Result {
        fflush(nil)
        guard let pipe = popen(line, "r") else { return Result(output: "", status: -1) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while case let count = fread(&chunk, 1, chunk.count, pipe), count > 0 {
            bytes += chunk.prefix(count)
        }
        let status = pclose(pipe)
        // WEXITSTATUS and WTERMSIG are macros, which Swift does not see.
        let code = status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
        return Result(output: String(decoding: bytes, as: UTF8.self), status: code)
    }
}
