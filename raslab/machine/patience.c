/*
 * Preloaded to daemons and to iperf3 in virtual time, where work takes no time and no clock interrupt takes the
 * processor from a thread that works: whoever waits has to sleep.
 *
 * ppoll: FRR's event loop knows when its next timer is due to the microsecond, but asks to wait for whole milliseconds,
 * rounded down, and then asks again and again with a time-out of zero until the timer is due. So a time-out is
 * extended by a millisecond less a microsecond, and who asks with zero for the SPINS-th time in a row, and nothing
 * happens, waits a little.
 *
 * poll: charon's watcher may find one descriptor ready again and again while it cannot go on before another thread has
 * dealt with another one. Who has found something SPINS times in a row lets the others run.
 *
 * read: a thread of iperf3 3.16 or newer finds the end of its connection again and again, until another thread has
 * heard that the test is over. Who has found the end SPINS times in a row lets the others run.
 *
 * write: whoever sends by a way that no link limits sends for ever while the clock all but stands still; it moves by the
 * nanoseconds that a look at it costs. Who has sent ENDLESS bytes within SOON_NS, each call counted as CALL bytes more,
 * says so and ends: that is 860 Gbit/s.
 *
 * pthread_spin_lock: likewise, who does not get the lock lets the thread run that has it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SPINS 8
#define NAP_NS 50000L
#define SHORTEST_NAP_NS 1000L
#define SECOND_NS 1000000000L
#define LESS_THAN_A_MS_NS 999000L

#define ENDLESS (1ULL << 29)
#define CALL 4096
#define SOON_NS 5000000L
#define STANDS_STILL "raslab: the virtual clock stands still\n" /* known to raslab.measure.standstill */
#define STATUS 75

static __thread int in_vain;
static __thread int found_at_once;
static __thread int ends_read;

/* The C library's own, where a thread can be cancelled. */
ssize_t __read(int fd, void *buffer, size_t size);
ssize_t __write(int fd, const void *buffer, size_t size);

static void let_others_run(void)
{
	const struct timespec nap = { .tv_nsec = SHORTEST_NAP_NS };
	int error = errno;

	syscall(SYS_nanosleep, &nap, 0);
	errno = error;
}

int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *signals)
{
	struct timespec longer;
	int found;

	if (timeout) {
		int zero = timeout->tv_sec == 0 && timeout->tv_nsec == 0;

		longer = *timeout;
		longer.tv_nsec += !zero ? LESS_THAN_A_MS_NS : in_vain >= SPINS ? NAP_NS : 0;
		if (longer.tv_nsec >= SECOND_NS) {
			longer.tv_sec++;
			longer.tv_nsec -= SECOND_NS;
		}
		in_vain = zero ? in_vain + 1 : 0;
	}
	/* The kernel counts signals, of which there are 64, in bytes of the set. */
	found = syscall(SYS_ppoll, fds, count, timeout ? &longer : 0, signals, 8);
	if (found)
		in_vain = 0;
	return found;
}

int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	int found = syscall(SYS_poll, fds, count, timeout_ms);

	found_at_once = found > 0 ? found_at_once + 1 : 0;
	if (found_at_once >= SPINS) {
		found_at_once = 0;
		let_others_run();
	}
	return found;
}

ssize_t read(int fd, void *buffer, size_t size)
{
	ssize_t length = __read(fd, buffer, size);

	ends_read = length == 0 && size ? ends_read + 1 : 0;
	if (ends_read >= SPINS) {
		ends_read = 0;
		let_others_run();
	}
	return length;
}

static void count_sent(uint64_t bytes)
{
	static __thread uint64_t sent;
	static __thread struct timespec before;
	struct timespec now;

	sent += bytes;
	if (sent < ENDLESS)
		return;
	sent = 0;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if ((now.tv_sec - before.tv_sec) * SECOND_NS + now.tv_nsec - before.tv_nsec < SOON_NS) {
		__write(2, STANDS_STILL, strlen(STANDS_STILL));
		_exit(STATUS);
	}
	before = now;
}

ssize_t write(int fd, const void *buffer, size_t size)
{
	ssize_t length = __write(fd, buffer, size);

	if (length > 0)
		count_sent((uint64_t)length + CALL);
	return length;
}

int pthread_spin_lock(pthread_spinlock_t *lock)
{
	while (pthread_spin_trylock(lock) == EBUSY)
		let_others_run();
	return 0;
}
