import Glibc

/// A thread with one job, for the image helper alone: the command line, the runtime and the monitor
/// have one thread.
public final class WorkerThread {
  private let handle: pthread_t
  private var joined = false

  /// Starts `body` on a new thread (pthread_create(3)).
  public init(_ body: @escaping @Sendable () -> Void) throws(SystemError) {
    let job = Job(body)
    var handle = pthread_t()
    let result = unsafe pthread_create(
      &handle, nil,
      { context in
        guard let context = unsafe context else { return nil }
        unsafe Unmanaged<Job>.fromOpaque(context).takeRetainedValue().body()
        return nil
      }, unsafe Unmanaged.passRetained(job).toOpaque())
    guard result == 0 else {
      unsafe Unmanaged.passUnretained(job).release()
      throw SystemError("pthread_create", "", errno: result)
    }
    self.handle = handle
  }

  /// Waits for the job's end; every thread is joined once.
  public func join() {
    if joined { return }
    joined = true
    _ = pthread_join(handle, nil)
  }

  private final class Job {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
}

/// A queue between two threads that holds at most `capacity` elements: a fast writer waits.
@safe public final class BoundedQueue<Element: Sendable>: @unchecked Sendable {
  // Everything below is touched only under `mutex`: that makes the class safe to share.
  private var elements: [Element] = []
  private var finished = false
  private var abandoned = false
  private let capacity: Int
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  public init(capacity: Int) {
    self.capacity = capacity
    unsafe pthread_mutex_init(mutex, nil)
    unsafe pthread_cond_init(changed, nil)
  }

  deinit {
    unsafe pthread_cond_destroy(changed)
    unsafe pthread_mutex_destroy(mutex)
    unsafe changed.deallocate()
    unsafe mutex.deallocate()
  }

  /// Adds an element, waiting for room; false when the reader has gone.
  public func push(_ element: Element) -> Bool {
    locked {
      while elements.count >= capacity && !abandoned { unsafe pthread_cond_wait(changed, mutex) }
      if abandoned { return false }
      elements.append(element)
      return true
    }
  }

  /// Adds an element without waiting: in place of the newest when there is no room.
  public func offer(_ element: Element) {
    locked {
      if abandoned { return }
      if elements.count >= capacity { elements.removeLast() }
      elements.append(element)
    }
  }

  /// The next element, waiting for one; nil when the writer has finished and all is read.
  public func pop() -> Element? {
    locked {
      while elements.isEmpty && !finished { unsafe pthread_cond_wait(changed, mutex) }
      return elements.isEmpty ? nil : elements.removeFirst()
    }
  }

  /// The writer has no more.
  public func finish() { locked { finished = true } }

  /// The reader wants no more.
  public func abandon() {
    locked {
      abandoned = true
      elements.removeAll()
    }
  }

  private func locked<Result>(_ body: () -> Result) -> Result {
    unsafe pthread_mutex_lock(mutex)
    defer {
      unsafe pthread_cond_broadcast(changed)
      unsafe pthread_mutex_unlock(mutex)
    }
    return body()
  }
}
