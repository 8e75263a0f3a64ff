public import SystemCalls

/// An exclusive claim on a folder, held as long as the value lives and released by the system
/// however the process ends. The file names the holder for people; it is never removed, because
/// removing it would let two processes lock two different files of one name.
public final class LockFile: Sendable {
    private let descriptor: FileDescriptor
    public let path: String

    /// The lock could not be had.
    public enum AcquireError: Error, Equatable, Sendable, CustomStringConvertible {
        /// Another process holds it; its number when the file says so.
        case held(path: String, holder: Int32?)
        case system(SystemError)

        public var description: String {
            switch self {
            case .held(let path, let holder?): "\(path) is held by process \(holder)"
            case .held(let path, nil): "\(path) is held by another process"
            case .system(let error): "\(error)"
            }
        }
    }

    /// Takes the lock or says who has it; never waits. The parent folder must exist.
    public init(acquiring path: String) throws(AcquireError) {
        self.path = path
        let isFree: Bool
        do throws(SystemError) {
            descriptor = try FileSystem.open(path, .update)
            isFree = try descriptor.tryLockExclusively()
        } catch {
            throw .system(error)
        }
        guard isFree else { throw .held(path: path, holder: LockFile.holder(of: path)) }
        do throws(SystemError) {
            try descriptor.truncate(to: 0)
            try descriptor.writeAll(Array("\(Processes.ownID)\n".utf8))
        } catch {
            throw .system(error)
        }
    }

    /// Gives the lock up before the value goes away.
    public func release() {
        descriptor.close()
    }

    /// The process number written in a lock file; says nothing about whether it still runs.
    public static func holder(of path: String) -> Int32? {
        guard let bytes = try? FileSystem.read(path, limit: 64) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        return Int32(text.prefix { $0.isNumber })
    }
}
