import Glibc

/// Why a disk refuses an operation; each stands for one value of `errno`.
public enum DiskError: Error, Hashable, Sendable {
    case noSuchName
    case nameTaken
    case notAFolder
    case isAFolder
    case folderNotEmpty
    case noSpaceLeft
    case inputOutput
    /// The file was lost in a power cut while something still refers to it.
    case lostInPowerCut
    case interrupted
    case invalid

    /// What the caller of the operation sees.
    public var code: Int32 {
        switch self {
        case .noSuchName: ENOENT
        case .nameTaken: EEXIST
        case .notAFolder: ENOTDIR
        case .isAFolder: EISDIR
        case .folderNotEmpty: ENOTEMPTY
        case .noSpaceLeft: ENOSPC
        case .inputOutput: EIO
        case .lostInPowerCut: ESTALE
        case .interrupted: EINTR
        case .invalid: EINVAL
        }
    }
}
