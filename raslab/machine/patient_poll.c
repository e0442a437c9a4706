/*
 * Preloaded to daemons in virtual time: no wait that is shorter than what the daemon waits for.
 *
 * FRR's event loop knows when its next timer is due to the microsecond, but asks ppoll() to wait for whole milliseconds,
 * rounded down, and then asks again and again with a time-out of zero until the timer is due. On a clock that charges
 * nothing for work that is thousands of calls for each timer. So a time-out is extended by a millisecond less a
 * microsecond, and one who asks with zero for the SPINS-th time in a row, and nothing happens, waits a little.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>
#include <sys/syscall.h>

#define SPINS 8
#define NAP_NS 50000L
#define MOST_NS 1000000000L
#define LESS_THAN_A_MS_NS 999000L

static __thread int in_vain;

int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *signals)
{
	struct timespec longer;
	int found;

	if (timeout) {
		int zero = timeout->tv_sec == 0 && timeout->tv_nsec == 0;
		long more = !zero ? LESS_THAN_A_MS_NS : in_vain >= SPINS ? NAP_NS : 0;

		longer = *timeout;
		longer.tv_nsec += more;
		if (longer.tv_nsec >= MOST_NS) {
			longer.tv_sec++;
			longer.tv_nsec -= MOST_NS;
		}
		in_vain = zero ? in_vain + 1 : 0;
	}
	/* The kernel counts signals, of which there are 64, in bytes of the set. */
	found = syscall(SYS_ppoll, fds, count, timeout ? &longer : 0, signals, 8);
	if (found)
		in_vain = 0;
	return found;
}
