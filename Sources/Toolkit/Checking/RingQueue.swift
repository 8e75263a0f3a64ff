/// First in, first out, in memory of its own that is used again and again.
struct RingQueue<Element>: ~Copyable {
    private var base: UnsafeMutablePointer<Element>
    /// A power of two.
    private var capacity = 16
    private var front = 0
    private(set) var count = 0

    init() { base = .allocate(capacity: 16) }

    deinit {
        for place in 0..<count { (base + index(place)).deinitialize(count: 1) }
        base.deallocate()
    }

    var isEmpty: Bool { count == 0 }

    var first: Element? {
        @inline(__always) get { count == 0 ? nil : base[front] }
    }

    var last: Element? { self[count &- 1] }

    /// The element at a place counted from the front, if there is one.
    subscript(place: Int) -> Element? {
        guard place >= 0, place < count else { return nil }
        return base[index(place)]
    }

    @inline(__always)
    mutating func append(_ element: Element) {
        if count == capacity { grow() }
        (base + index(count)).initialize(to: element)
        count &+= 1
    }

    @discardableResult
    @inline(__always)
    mutating func popFirst() -> Element? {
        guard count > 0 else { return nil }
        let element = (base + front).move()
        front = (front &+ 1) & (capacity &- 1)
        count &-= 1
        return element
    }

    @inline(__always)
    private func index(_ place: Int) -> Int { (front &+ place) & (capacity &- 1) }

    @inline(never)
    private mutating func grow() {
        let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity * 2)
        for place in 0..<count { (larger + place).initialize(to: (base + index(place)).move()) }
        base.deallocate()
        base = larger
        capacity *= 2
        front = 0
    }
}
