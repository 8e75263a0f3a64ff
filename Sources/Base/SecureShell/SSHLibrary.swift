import CSSH2
import SystemCalls

/// A call of libssh2 that failed.
package struct LibraryError: Error {
    package let call: String
    package let code: Int32
    package let text: String

    package var isChannelFailure: Bool { code == LIBSSH2_ERROR_CHANNEL_FAILURE }
    package var isRequestDenied: Bool { code == LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED }
    package var isNoCommonAlgorithm: Bool {
        code == LIBSSH2_ERROR_KEX_FAILURE || code == LIBSSH2_ERROR_METHOD_NONE
    }
    /// The server said no to a key.
    package var isKeyRefused: Bool {
        code == LIBSSH2_ERROR_AUTHENTICATION_FAILED || code == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED
    }
    /// The key file could not be opened with the passphrase.
    package var isKeyUnusable: Bool { code == LIBSSH2_ERROR_FILE }
}

/// A session of libssh2. Only the thread that made it may use it and its channels: libssh2 keeps
/// one state per session for all of them.
///
/// Nothing here blocks: a call that has to wait for the server returns nil (or `.later`), and is
/// made again, with the same arguments, when bytes have arrived. Only one channel may be in
/// opening at a time.
package final class LibrarySession {
    package let transport: SessionTransport
    private let session: OpaquePointer

    /// What is negotiated, best first. No CBC, no SHA-1.
    package static let ciphers = ["aes128-ctr", "aes192-ctr", "aes256-ctr"]
    package static let authenticationCodes = ["hmac-sha2-256", "hmac-sha2-512"]
    package static let keyExchanges = [
        "curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256",
        "ecdh-sha2-nistp384", "ecdh-sha2-nistp521", "diffie-hellman-group14-sha256",
        "diffie-hellman-group16-sha512",
    ]

    /// Once per process, before the first session.
    private static let initialized: Int32 = libssh2_init(0)

    package init(_ transport: SessionTransport, hostKeys: [String]) throws(LibraryError) {
        guard Self.initialized == 0 else {
            throw LibraryError(call: "libssh2_init", code: Self.initialized, text: "")
        }
        // Kept alive by this object, which frees the session before it lets go.
        let context = Unmanaged.passUnretained(transport).toOpaque()
        guard let session = libssh2_session_init_ex(nil, nil, nil, context) else {
            throw LibraryError(
                call: "libssh2_session_init", code: LIBSSH2_ERROR_ALLOC, text: "no memory")
        }
        self.transport = transport
        self.session = session
        libssh2_session_set_blocking(session, 0)
        let take: SendFunction = takeBytes
        let give: ReceiveFunction = giveBytes
        _ = libssh2_session_callback_set(
            session, LIBSSH2_CALLBACK_SEND, unsafeBitCast(take, to: UnsafeMutableRawPointer.self))
        _ = libssh2_session_callback_set(
            session, LIBSSH2_CALLBACK_RECV, unsafeBitCast(give, to: UnsafeMutableRawPointer.self))
        try prefer(LIBSSH2_METHOD_KEX, Self.keyExchanges)
        try prefer(LIBSSH2_METHOD_HOSTKEY, hostKeys)
        for direction in [LIBSSH2_METHOD_CRYPT_CS, LIBSSH2_METHOD_CRYPT_SC] {
            try prefer(direction, Self.ciphers)
        }
        for direction in [LIBSSH2_METHOD_MAC_CS, LIBSSH2_METHOD_MAC_SC] {
            try prefer(direction, Self.authenticationCodes)
        }
    }

    deinit {
        // With the connection cut no call waits, so this frees all channels as well.
        transport.cut()
        for _ in 0..<1000 where libssh2_session_free(session) != LIBSSH2_ERROR_EAGAIN { break }
    }

    private func prefer(_ method: Int32, _ names: [String]) throws(LibraryError) {
        _ = try outcome(
            "libssh2_session_method_pref",
            libssh2_session_method_pref(session, method, names.joined(separator: ",")))
    }

    /// The library's text for what failed last.
    private func failure(_ call: String, _ code: Int32) -> LibraryError {
        var text: UnsafeMutablePointer<CChar>?
        _ = libssh2_session_last_error(session, &text, nil, 0)
        return LibraryError(call: call, code: code, text: text.map { String(cString: $0) } ?? "")
    }

    private func outcome(_ call: String, _ code: Int32) throws(LibraryError) -> Void? {
        if code == LIBSSH2_ERROR_EAGAIN { return nil }
        if code < 0 { throw failure(call, code) }
        return ()
    }

    // MARK: - Beginning

    package func handshake() throws(LibraryError) -> Void? {
        try outcome(
            "libssh2_session_handshake", libssh2_session_handshake(session, transport.number))
    }

    /// After the handshake: the key by which the server has just signed.
    package var hostKey: [UInt8]? {
        var count = 0
        var kind: Int32 = 0
        guard let bytes = libssh2_session_hostkey(session, &count, &kind) else { return nil }
        return UnsafeRawBufferPointer(start: bytes, count: count).map { $0 }
    }

    /// The ways to authenticate that the server offers, with commas; empty when it lets everybody
    /// in.
    package func acceptedMethods(for user: String) throws(LibraryError) -> String? {
        if let text = libssh2_userauth_list(session, user, UInt32(user.utf8.count)) {
            return String(cString: text)
        }
        if libssh2_userauth_authenticated(session) == 1 { return "" }
        let code = libssh2_session_last_errno(session)
        if code == LIBSSH2_ERROR_EAGAIN { return nil }
        throw failure("libssh2_userauth_list", code)
    }

    package func authenticate(
        _ user: String, keyFile: String, passphrase: String?
    ) throws(LibraryError) -> Void? {
        let code = libssh2_userauth_publickey_fromfile_ex(
            session, user, UInt32(user.utf8.count), nil, keyFile, passphrase)
        return try outcome("libssh2_userauth_publickey_fromfile", code)
    }

    /// Sends a sign of life that the server answers, when one is due.
    package func keepAlive(every seconds: UInt32) throws(LibraryError) {
        var next: Int32 = 0
        libssh2_keepalive_config(session, 1, seconds)
        _ = try outcome("libssh2_keepalive_send", libssh2_keepalive_send(session, &next))
    }

    /// Says good-bye; the answer is not waited for.
    package func disconnect() {
        _ = libssh2_session_disconnect_ex(session, SSH_DISCONNECT_BY_APPLICATION, "done", "")
    }

    /// The agent at a socket's path.
    package func agent(at path: String) throws(LibraryError) -> LibraryAgent {
        guard let agent = libssh2_agent_init(session) else {
            throw failure("libssh2_agent_init", libssh2_session_last_errno(session))
        }
        libssh2_agent_set_identity_path(agent, path)
        let result = LibraryAgent(agent, of: self)
        guard try outcome("libssh2_agent_connect", libssh2_agent_connect(agent)) != nil,
            try outcome("libssh2_agent_list_identities", libssh2_agent_list_identities(agent))
                != nil
        else { throw failure("libssh2_agent_list_identities", LIBSSH2_ERROR_EAGAIN) }
        return result
    }

    fileprivate func agentOutcome(_ code: Int32) throws(LibraryError) -> Void? {
        try outcome("libssh2_agent_userauth", code)
    }

    // MARK: - Channels

    /// Bytes that the server may send on a channel before they are read.
    private static let window = UInt32(2 << 20)
    private static let packet = UInt32(32768)

    /// A channel for a command.
    package func openCommandChannel() throws(LibraryError) -> LibraryChannel? {
        let kind = "session"
        let channel = libssh2_channel_open_ex(
            session, kind, UInt32(kind.utf8.count), Self.window, Self.packet, nil, 0)
        return try opened("libssh2_channel_open", channel)
    }

    /// A channel that the server connects to an address.
    package func openStreamChannel(host: String, port: UInt16) throws(LibraryError)
        -> LibraryChannel?
    {
        let channel = libssh2_channel_direct_tcpip_ex(
            session, host, Int32(port), "127.0.0.1", 0)
        return try opened("libssh2_channel_direct_tcpip", channel)
    }

    private func opened(
        _ call: String, _ channel: OpaquePointer?
    ) throws(LibraryError) -> LibraryChannel? {
        if let channel { return LibraryChannel(channel, of: self) }
        let code = libssh2_session_last_errno(session)
        if code == LIBSSH2_ERROR_EAGAIN { return nil }
        throw failure(call, code)
    }

    /// Has the server refuse a channel of a kind that nobody knows (RFC 4254, 5.1). Waiting for
    /// that reads and answers whatever else the server has sent, for which libssh2 has no call of
    /// its own while there is no channel.
    package func probe() throws(LibraryError) -> Void? {
        let kind = "probe@allocdb-jepsen"
        do throws(LibraryError) {
            let channel = libssh2_channel_open_ex(
                session, kind, UInt32(kind.utf8.count), Self.window, Self.packet, nil, 0)
            return try opened("libssh2_channel_open", channel).map { _ in () }
        } catch {
            if error.isChannelFailure { return () }
            throw error
        }
    }

    fileprivate func release(_ text: UnsafeMutablePointer<CChar>) {
        libssh2_free(session, text)
    }

    fileprivate func channelFailure(_ call: String, _ code: Int) -> LibraryError {
        failure(call, Int32(clamping: code))
    }
}

private typealias SendFunction =
    @convention(c) (
        Int32, UnsafeRawPointer?, Int, Int32, UnsafeMutablePointer<UnsafeMutableRawPointer?>?
    ) -> Int
private typealias ReceiveFunction =
    @convention(c) (
        Int32, UnsafeMutableRawPointer?, Int, Int32, UnsafeMutablePointer<UnsafeMutableRawPointer?>?
    ) -> Int

private func transport(
    _ context: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> SessionTransport? {
    guard let pointer = context?.pointee else { return nil }
    return Unmanaged<SessionTransport>.fromOpaque(pointer).takeUnretainedValue()
}

private func takeBytes(
    _ socket: Int32, _ bytes: UnsafeRawPointer?, _ count: Int, _: Int32,
    _ context: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> Int {
    let bytes = UnsafeRawBufferPointer(start: bytes, count: count)
    guard let transport = transport(context) else { return 0 }
    if socket == transport.number { return transport.take(bytes) }
    return agentSocket(socket) { socket, deadline throws(SystemError) in
        try socket.waitUntilWritable(deadline) ? try socket.send(bytes) : nil
    }
}

private func giveBytes(
    _ socket: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int, _: Int32,
    _ context: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> Int {
    let buffer = UnsafeMutableRawBufferPointer(start: buffer, count: count)
    guard let transport = transport(context) else { return 0 }
    if socket == transport.number { return transport.give(buffer) }
    return agentSocket(socket) { socket, deadline throws(SystemError) in
        try socket.waitUntilReadable(deadline) ? try socket.read(into: buffer) : nil
    }
}

/// libssh2 speaks to an agent through the same functions, on a socket of its own, and waits.
private func agentSocket(
    _ number: Int32, _ move: (FileDescriptor, Deadline) throws(SystemError) -> Int?
) -> Int {
    do throws(SystemError) {
        let socket = try FileDescriptor(duplicating: number, subject: "SSH agent")
        return try move(socket, .after(.seconds(5))) ?? -1
    } catch {
        return -Int(error.code)
    }
}

/// An SSH agent, spoken to by libssh2.
package final class LibraryAgent {
    /// A key it holds.
    package struct Identity {
        package let key: HostKey
        fileprivate let pointer: UnsafeMutablePointer<libssh2_agent_publickey>
    }

    private let agent: OpaquePointer
    private let session: LibrarySession

    fileprivate init(_ agent: OpaquePointer, of session: LibrarySession) {
        self.agent = agent
        self.session = session
    }

    deinit {
        libssh2_agent_disconnect(agent)
        libssh2_agent_free(agent)
    }

    package var identities: [Identity] {
        var found: [Identity] = []
        var current: UnsafeMutablePointer<libssh2_agent_publickey>?
        var next: UnsafeMutablePointer<libssh2_agent_publickey>?
        while libssh2_agent_get_identity(agent, &next, current) == 0, let identity = next {
            let blob = UnsafeRawBufferPointer(
                start: identity.pointee.blob, count: identity.pointee.blob_len)
            if let key = HostKey(bytes: Array(blob)) {
                found.append(Identity(key: key, pointer: identity))
            }
            current = identity
        }
        return found
    }

    package func authenticate(_ user: String, with identity: Identity) throws(LibraryError) -> Void?
    {
        try session.agentOutcome(libssh2_agent_userauth(agent, user, identity.pointer))
    }
}

/// A channel of a session; used by the session's thread only, and not after the session is gone.
package final class LibraryChannel {
    /// What a read found.
    package enum Received {
        case bytes(Int)
        /// Nothing yet, or nothing on this stream.
        case later
        case end
    }

    /// How a command ended.
    package enum Ending {
        case status(Int32)
        /// Its name without `SIG`.
        case signal(name: String)
    }

    package enum Stream: Int32 {
        case output = 0
        case error = 1
    }

    private let channel: OpaquePointer
    private unowned let session: LibrarySession

    fileprivate init(_ channel: OpaquePointer, of session: LibrarySession) {
        self.channel = channel
        self.session = session
    }

    private func outcome(_ call: String, _ code: Int32) throws(LibraryError) -> Void? {
        if code == LIBSSH2_ERROR_EAGAIN { return nil }
        if code < 0 { throw session.channelFailure(call, Int(code)) }
        return ()
    }

    package func execute(_ line: String) throws(LibraryError) -> Void? {
        let request = "exec"
        let code = libssh2_channel_process_startup(
            channel, request, UInt32(request.utf8.count), line, UInt32(line.utf8.count))
        return try outcome("libssh2_channel_exec", code)
    }

    package func read(
        _ stream: Stream, into buffer: UnsafeMutableRawBufferPointer
    ) throws(LibraryError) -> Received {
        let count = libssh2_channel_read_ex(
            channel, stream.rawValue, buffer.bindMemory(to: CChar.self).baseAddress, buffer.count)
        if count == Int(LIBSSH2_ERROR_EAGAIN) { return .later }
        if count < 0 { throw session.channelFailure("libssh2_channel_read", count) }
        if count == 0 { return libssh2_channel_eof(channel) == 1 ? .end : .later }
        return .bytes(count)
    }

    /// The number of bytes taken, 0 when none can be now; then the call that follows must begin
    /// with the same bytes and have at least as many.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(LibraryError) -> Int {
        let count = libssh2_channel_write_ex(
            channel, 0, bytes.bindMemory(to: CChar.self).baseAddress, bytes.count)
        if count == Int(LIBSSH2_ERROR_EAGAIN) { return 0 }
        if count < 0 { throw session.channelFailure("libssh2_channel_write", count) }
        return count
    }

    package func finishSending() throws(LibraryError) -> Void? {
        try outcome("libssh2_channel_send_eof", libssh2_channel_send_eof(channel))
    }

    /// The server's end of the channel, after which nothing comes, not even a status. Only after
    /// `read` has found the end.
    package func awaitClose() throws(LibraryError) -> Void? {
        try outcome("libssh2_channel_wait_closed", libssh2_channel_wait_closed(channel))
    }

    /// How the command ended; only after `awaitClose`.
    package var ending: Ending {
        var name: UnsafeMutablePointer<CChar>?
        var count = 0
        _ = libssh2_channel_get_exit_signal(channel, &name, &count, nil, nil, nil, nil)
        if let name {
            defer { session.release(name) }
            if count > 0 { return .signal(name: String(cString: name)) }
        }
        return .status(libssh2_channel_get_exit_status(channel))
    }

    /// Ends the channel on both sides and gives it back; nothing may be called after it was done.
    package func free() throws(LibraryError) -> Void? {
        try outcome("libssh2_channel_free", libssh2_channel_free(channel))
    }
}
