/// The words of the NBD protocol, "newstyle" negotiation and simple replies; all numbers are
/// big-endian. https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md
enum NBD {
    static let greeting: UInt64 = 0x4e42_444d_4147_4943
    static let optionMagic: UInt64 = 0x4948_4156_454f_5054
    static let optionReplyMagic: UInt64 = 0x0003_e889_0455_65a9
    static let requestMagic: UInt32 = 0x2560_9513
    static let replyMagic: UInt32 = 0x6744_6698

    /// What the server offers in its greeting, and what the client takes of it.
    enum HandshakeFlag {
        static let fixedNewstyle: UInt16 = 1
        static let noZeroes: UInt16 = 2
        static let known = UInt32(fixedNewstyle | noZeroes)
    }

    /// What the disk can do besides reading and writing. Offering several connections at once
    /// (bit 8) would promise that a flush on one is a flush of all, which holds here.
    enum ExportFlag {
        static let hasFlags: UInt16 = 1
        static let flush: UInt16 = 1 << 2
        static let forcedUnitAccess: UInt16 = 1 << 3
        static let manyConnections: UInt16 = 1 << 8
        static let ours = hasFlags | flush | forcedUnitAccess | manyConnections
    }

    enum Option {
        static let exportName: UInt32 = 1
        static let abort: UInt32 = 2
        static let list: UInt32 = 3
        static let info: UInt32 = 6
        static let go: UInt32 = 7
    }

    enum OptionReply {
        static let acknowledged: UInt32 = 1
        static let server: UInt32 = 2
        static let info: UInt32 = 3
        static let unsupported: UInt32 = 1 << 31 | 1
        static let invalid: UInt32 = 1 << 31 | 3
        static let unknownExport: UInt32 = 1 << 31 | 6
    }

    enum Information {
        static let export: UInt16 = 0
        static let name: UInt16 = 1
        static let blockSize: UInt16 = 3
    }

    enum Command {
        static let read: UInt16 = 0
        static let write: UInt16 = 1
        static let disconnect: UInt16 = 2
        static let flush: UInt16 = 3
        /// The only flag of a request that is known.
        static let forcedUnitAccess: UInt16 = 1
    }

    static let requestBytes = 28
    static let optionHeaderBytes = 16
    /// Longest data of an option. The longest that makes sense is a name of 4096 bytes.
    static let longestOption = 8192
    /// Most bytes that one request reads or writes: the least that servers have to take, and the
    /// most that clients send.
    static let longestTransfer = 32 << 20
}
