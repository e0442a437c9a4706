/*
 * First process of the UML lab machine.
 *
 * It turns the host's file system into a throw-away root (hostfs below, tmpfs above, joined by overlayfs), binds the
 * folders that shall be writable, runs one command, carries its standard streams over the serial line /dev/ttyS0, and
 * powers the machine off. It is a C program because a shell or Python would double the time to the first command.
 *
 * The launcher starts the machine in a temporary folder which is the initial root. That folder holds this program, the
 * empty folder "stage", and the file "spec": NUL-terminated records of one letter and a value
 *
 *     A argument   E environment   C working folder   B writable folder   L folder that can only be looked at
 *     H where the folder named next is on the host, if not in the same place
 *     T use a pseudo-terminal   N standard input is /dev/null   P seconds to sleep before the command
 *     R the command rests
 *
 * Frames on the serial line: one letter, a little-endian 32-bit length, the payload.
 *
 *     to the guest:   I standard input (empty: end of file)   K signal number   W rows, columns (16 bits each)
 *                     Q what time it is, and who computes
 *     to the host:    R ready: listening from now on   O standard output   E standard error
 *                     A count of input bytes consumed (32 bits)   X exit status (32 bits)
 *                     L text: a limit that has been met, as the kernel says it
 *                     F text: why the command could not be started
 *                     Z at rest, after so many frames from the host (32 bits)
 *                     T nanoseconds of the monotonic clock (64 bits), names of programs that compute, the command's
 *                     with a * before it, each with a line feed behind it
 *
 * A command that rests says on descriptor REST_FD how many bytes of its input it has dealt with (64 bits) whenever it
 * has nothing to do until there are more. If there are none, this program keeps the processor to itself, as soon as
 * nothing else wants it: a busy processor costs no virtual time, so none passes. It tells the host, which may then stop
 * the whole machine.
 *
 * Two traps of UML's serial lines: input sent before the line is opened is never seen, so the host waits for R; and a
 * line that is throttled never recovers, so the host has at most WINDOW input bytes in flight.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define WINDOW 2048
#define REST_FD 3
#define QUIET_ROUNDS 4 /* times that others are offered the processor in vain before the machine counts as at rest */

static int line = -1; /* the serial line */

struct spec {
	char **argv, **env; /* each ends with NULL */
	struct share {
		const char *inside, *host;
		unsigned long flags;
	} *shares;
	int argc, envc, sharec;
	const char *cwd;
	int use_pty, null_input, rests, pause_s;
};

/* ---- frames to the host ---- */

static void write_all(int fd, const void *data, size_t size)
{
	const char *at = data;

	while (size) {
		ssize_t n = write(fd, at, size);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			return;
		}
		at += n;
		size -= n;
	}
}

static void put32(unsigned char *to, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		to[i] = value >> (8 * i);
}

static uint32_t get32(const unsigned char *from)
{
	return from[0] | from[1] << 8 | from[2] << 16 | (uint32_t)from[3] << 24;
}

static void send_frame(char kind, const void *payload, uint32_t size)
{
	unsigned char head[5] = { (unsigned char)kind };

	put32(head + 1, size);
	write_all(line, head, sizeof(head));
	write_all(line, payload, size);
}

static void send_number(char kind, uint32_t value)
{
	unsigned char payload[4];

	put32(payload, value);
	send_frame(kind, payload, sizeof(payload));
}

static void __attribute__((noreturn)) power_off(void)
{
	sync(); /* the writable folders live in the host: nothing may stay in our page cache */
	tcdrain(line);
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

static void __attribute__((noreturn, format(printf, 1, 2))) fail(const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (line >= 0)
		send_frame('F', text, strlen(text));
	fprintf(stderr, "raslab init: %s\n", text);
	power_off();
}

/* ---- the specification ---- */

static void read_spec(const char *path, struct spec *spec)
{
	struct stat info;
	int fd = open(path, O_RDONLY);

	if (fd < 0 || fstat(fd, &info) < 0)
		fail("cannot read the specification: %s", strerror(errno));
	char *text = malloc(info.st_size + 1), *end = text;

	for (ssize_t n; (n = read(fd, end, text + info.st_size - end)) > 0;)
		end += n;
	close(fd);
	*end = 0;
	size_t records = 1;

	for (char *at = text; at < end; at++)
		records += !*at;
	spec->argv = calloc(records, sizeof(char *));
	spec->env = calloc(records, sizeof(char *));
	spec->shares = calloc(records, sizeof(struct share));
	const char *host = NULL;

	for (char *record = text; record < end; record += strlen(record) + 1) {
		char *value = record + 1;

		switch (*record) {
		case 'A': spec->argv[spec->argc++] = value; break;
		case 'E': spec->env[spec->envc++] = value; break;
		case 'H': host = value; break;
		case 'B':
		case 'L':
			spec->shares[spec->sharec++] = (struct share){ value, host ? host : value,
								       *record == 'L' ? MS_RDONLY : 0 };
			host = NULL;
			break;
		case 'C': spec->cwd = value; break;
		case 'T': spec->use_pty = 1; break;
		case 'N': spec->null_input = 1; break;
		case 'R': spec->rests = 1; break;
		case 'P': spec->pause_s = atoi(value); break;
		default: fail("unknown record %c in the specification", *record);
		}
	}
}

/* ---- the file system ---- */

static void make_folders(const char *path)
{
	char copy[4096];

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *slash = copy + 1; *slash; slash++)
		if (*slash == '/') {
			*slash = 0;
			mkdir(copy, 0755);
			*slash = '/';
		}
	mkdir(copy, 0755);
}

static void must_mount(const char *source, const char *target, const char *type, unsigned long flags,
		       const char *options)
{
	if (mount(source, target, type, flags, options) < 0)
		fail("cannot mount %s on %s: %s", type, target, strerror(errno));
}

/* In a jail the host's top folder cannot be listed; what has been touched is listed by the layer above it. */
static void show_top(void)
{
	static const char *const names[] = { "bin", "boot", "dev", "etc",  "home", "lib",  "lib32", "lib64", "libx32", "media",
					     "mnt", "opt",  "proc", "root", "run", "sbin", "srv",  "sys",   "tmp",   "usr", "var" };
	char path[64];
	struct stat info;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "/stage/root/%s", names[i]);
		if (lstat(path, &info) == 0)
			lchown(path, info.st_uid, info.st_gid);
	}
}

/* From here on nothing more of the host can be mounted, and nothing becomes writable: see lab.patch. */
static void seal(void)
{
	must_mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY, NULL);
	int fd = open("/stage/root/proc/sys/fs/hostfs_sealed", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "1", 1) != 1)
		fail("cannot seal the host's files: %s", strerror(errno));
	close(fd);
}

static void build_root(const struct spec *spec)
{
	char path[4096];

	must_mount("tmpfs", "/stage", "tmpfs", 0, "mode=755,size=50%");
	mkdir("/stage/lower", 0755);
	mkdir("/stage/upper", 0755);
	mkdir("/stage/work", 0755);
	mkdir("/stage/root", 0755);
	must_mount("hostfs", "/stage/lower", "hostfs", MS_RDONLY, "/");
	must_mount("overlay", "/stage/root", "overlay", 0,
		   "lowerdir=/stage/lower,upperdir=/stage/upper,workdir=/stage/work");
	show_top();
	must_mount("proc", "/stage/root/proc", "proc", 0, NULL);
	must_mount("sysfs", "/stage/root/sys", "sysfs", 0, NULL);
	must_mount("devtmpfs", "/stage/root/dev", "devtmpfs", 0, NULL);
	mkdir("/stage/root/dev/pts", 0755);
	mkdir("/stage/root/dev/shm", 01777);
	mkdir("/stage/root/dev/net", 0755);
	mknod("/stage/root/dev/net/tun", S_IFCHR | 0666, 10 << 8 | 200);
	mknod("/stage/root/dev/ppp", S_IFCHR | 0600, 108 << 8);
	symlink("/proc/self/fd", "/stage/root/dev/fd");
	symlink("/proc/self/fd/0", "/stage/root/dev/stdin");
	symlink("/proc/self/fd/1", "/stage/root/dev/stdout");
	symlink("/proc/self/fd/2", "/stage/root/dev/stderr");
	must_mount("devpts", "/stage/root/dev/pts", "devpts", 0, "ptmxmode=0666,mode=620,gid=5");
	must_mount("tmpfs", "/stage/root/dev/shm", "tmpfs", 0, "mode=1777");
	must_mount("tmpfs", "/stage/root/run", "tmpfs", 0, "mode=755");
	mount("cgroup2", "/stage/root/sys/fs/cgroup", "cgroup2", 0, NULL);
	mkdir("/stage/root/run/lock", 01777);
	mkdir("/stage/root/run/netns", 0755);
	for (int i = 0; i < spec->sharec; i++) {
		snprintf(path, sizeof(path), "/stage/root%s", spec->shares[i].inside);
		make_folders(path);
		must_mount("hostfs", path, "hostfs", spec->shares[i].flags, spec->shares[i].host);
	}
	seal();
	if (chdir("/stage/root") < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0)
		fail("cannot enter the new root: %s", strerror(errno));
}

static void loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ioctl(fd, SIOCSIFFLAGS, &request);
	close(fd);
}

/* ---- the command ---- */

struct child {
	pid_t pid;
	int input, output, error; /* our ends; -1 when closed */
	int rest; /* where it says that it rests; -1 if it does not */
};

static void set_policy(int policy)
{
	struct sched_param none = { 0 };

	sched_setscheduler(0, policy, &none);
}

static void __attribute__((noreturn)) become(const struct spec *spec, const sigset_t *signals, int failure)
{
	sigprocmask(SIG_SETMASK, signals, NULL);
	if (chdir(spec->cwd) < 0)
		dprintf(failure, "cannot enter the folder %s: %s", spec->cwd, strerror(errno));
	else {
		execvpe(spec->argv[0], spec->argv, spec->env);
		dprintf(failure, "%s: %s", spec->argv[0],
			errno == ENOENT ? "command not found in the lab machine" : strerror(errno));
	}
	_exit(errno == ENOENT ? 127 : 126);
}

static void spawn(const struct spec *spec, const sigset_t *signals, struct child *child)
{
	int in[2] = { -1, -1 }, out[2], err[2] = { -1, -1 }, rest[2] = { -1, -1 }, failure[2];

	if (pipe2(failure, O_CLOEXEC) < 0 || (spec->rests && pipe2(rest, O_CLOEXEC) < 0))
		fail("cannot make a pipe: %s", strerror(errno));
	if (spec->use_pty) {
		out[0] = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
		if (out[0] < 0 || grantpt(out[0]) < 0 || unlockpt(out[0]) < 0)
			fail("cannot make a pseudo-terminal: %s", strerror(errno));
		in[1] = out[0];
		out[1] = -1;
	} else if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0 ||
		   (!spec->null_input && pipe2(in, O_CLOEXEC) < 0)) {
		fail("cannot make a pipe: %s", strerror(errno));
	}
	child->pid = fork();
	if (child->pid < 0)
		fail("cannot start a process: %s", strerror(errno));
	if (child->pid == 0) {
		setsid();
		if (spec->use_pty) {
			int tty = open(ptsname(out[0]), O_RDWR);

			ioctl(tty, TIOCSCTTY, 0);
			for (int fd = 0; fd < 3; fd++)
				dup2(tty, fd);
			if (tty > 2)
				close(tty);
		} else {
			dup2(spec->null_input ? open("/dev/null", O_RDONLY | O_CLOEXEC) : in[0], 0);
			dup2(out[1], 1);
			dup2(err[1], 2);
		}
		if (spec->rests) {
			dup2(rest[1], REST_FD);
			fcntl(REST_FD, F_SETFD, 0);
		}
		become(spec, signals, failure[1]);
	}
	close(failure[1]);
	if (spec->rests)
		close(rest[1]);
	char text[1024];
	ssize_t n = read(failure[0], text, sizeof(text));

	close(failure[0]);
	if (n > 0)
		send_frame('F', text, n);
	if (!spec->use_pty) {
		close(out[1]);
		close(err[1]);
		if (in[0] >= 0)
			close(in[0]);
	}
	child->input = in[1];
	child->output = out[0];
	child->error = err[0];
	child->rest = rest[0];
	if (child->input >= 0)
		fcntl(child->input, F_SETFL, O_NONBLOCK);
	fcntl(child->output, F_SETFL, O_NONBLOCK);
	if (child->error >= 0)
		fcntl(child->error, F_SETFL, O_NONBLOCK);
}

/* ---- the pump ---- */

struct input {
	unsigned char frame[WINDOW + 5]; /* frame being received */
	size_t have;
	char pending[2 * WINDOW]; /* standard input that the command has not taken yet */
	size_t size;
	int at_end;
	uint32_t frames; /* received so far */
	uint64_t given;	 /* bytes that the command has been given so far */
};

struct rest {
	int said;	/* the command has said so */
	uint64_t taken; /* and had taken so many bytes by then */
	int quiet;	/* rounds since anything happened */
};

/* Pass on what is there. Returns 0 when the stream has ended. */
static int forward(int fd, char kind)
{
	static char buffer[65536];
	ssize_t n = read(fd, buffer, sizeof(buffer));

	if (n > 0)
		send_frame(kind, buffer, n);
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void drain(int fd, char kind)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	while (fd >= 0 && poll(&ready, 1, 0) > 0 && (ready.revents & POLLIN) && forward(fd, kind))
		;
}

static void feed(struct input *input, struct child *child)
{
	if (child->input < 0) {
		input->size = 0;
		return;
	}
	if (input->size) {
		ssize_t n = write(child->input, input->pending, input->size);

		if (n < 0 && errno != EAGAIN && errno != EINTR)
			n = input->size; /* the command closed its input: swallow, as a pipe's reader gone */
		if (n > 0) {
			memmove(input->pending, input->pending + n, input->size - n);
			input->size -= n;
			input->given += n;
			send_number('A', n);
		}
	}
	if (!input->size && input->at_end && child->input != child->output) {
		close(child->input);
		child->input = -1;
	}
}

/* Names of processes that have the processor or wait for it. Returns how many bytes they take. */
static size_t who_computes(char *names, size_t room, pid_t command)
{
	DIR *proc = opendir("/proc");
	size_t size = 0;

	for (struct dirent *entry; proc && (entry = readdir(proc));) {
		char path[300], text[512], *name, *end;
		int pid = atoi(entry->d_name), fd;

		if (pid <= 1)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

		if (fd >= 0)
			close(fd);
		if (n <= 0)
			continue;
		text[n] = 0;
		name = strchr(text, '(');
		end = strrchr(text, ')');
		if (!name || !end || end[1] != ' ' || end[2] != 'R' || size + (end - name) + 2 > room)
			continue;
		if (pid == command)
			names[size++] = '*';
		memcpy(names + size, name + 1, end - name - 1);
		size += end - name - 1;
		names[size++] = '\n';
	}
	if (proc)
		closedir(proc);
	return size;
}

static void tell_time(pid_t command)
{
	unsigned char payload[512];
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	uint64_t ns = (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;

	put32(payload, ns);
	put32(payload + 4, ns >> 32);
	send_frame('T', payload, 8 + who_computes((char *)payload + 8, sizeof(payload) - 8, command));
}

static void handle_frame(char kind, const unsigned char *payload, uint32_t size, struct input *input,
			 struct child *child, int use_pty)
{
	if (kind == 'I' && size == 0) {
		input->at_end = 1;
		if (use_pty) /* end of file, as a terminal types it */
			write_all(child->input, "\004", 1);
	} else if (kind == 'I' && input->size + size <= sizeof(input->pending)) {
		memcpy(input->pending + input->size, payload, size);
		input->size += size;
	} else if (kind == 'K' && size == 4) {
		kill(-child->pid, (int)get32(payload));
		send_number('A', 0); /* it has got through */
	} else if (kind == 'Q') {
		tell_time(child->pid);
	} else if (kind == 'W' && size == 4 && use_pty) {
		struct winsize window = { .ws_row = payload[0] | payload[1] << 8,
					  .ws_col = payload[2] | payload[3] << 8 };

		ioctl(child->output, TIOCSWINSZ, &window);
	}
	feed(input, child);
}

static void receive(struct input *input, struct child *child, int use_pty)
{
	ssize_t n = read(line, input->frame + input->have, sizeof(input->frame) - input->have);

	if (n <= 0)
		return;
	input->have += n;
	while (input->have >= 5) {
		uint32_t size = get32(input->frame + 1);

		if (size > WINDOW)
			fail("frame of %u bytes from the host", size);
		if (input->have < 5 + size)
			break;
		input->frames++;
		handle_frame((char)input->frame[0], input->frame + 5, size, input, child, use_pty);
		input->have -= 5 + size;
		memmove(input->frame, input->frame + 5 + size, input->have);
	}
}

/* Collect dead processes. Returns 1 when the command is among them. */
static int reap(int signals, pid_t command, int *status)
{
	struct signalfd_siginfo info;
	int state, done = 0;

	if (read(signals, &info, sizeof(info)) < 0)
		return 0;
	for (pid_t pid; (pid = waitpid(-1, &state, WNOHANG)) > 0;)
		if (pid == command) {
			done = 1;
			*status = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
		}
	return done;
}

static void hear_rest(struct child *child, struct rest *rest)
{
	if (read(child->rest, &rest->taken, sizeof(rest->taken)) == sizeof(rest->taken))
		rest->said = 1;
	else
		child->rest = -1;
}

/* One round of waiting while the command rests. */
static void keep_processor(struct rest *rest, uint32_t frames)
{
	if (rest->quiet < QUIET_ROUNDS)
		sched_yield();
	else if (rest->quiet == QUIET_ROUNDS)
		send_number('Z', frames);
	if (rest->quiet <= QUIET_ROUNDS)
		rest->quiet++;
}

static int pump(const struct spec *spec, struct child *child, int signals)
{
	static struct input input;
	struct rest rest = { 0 };
	int status = 0, resting = 0;

	for (;;) {
		int rests = rest.said && rest.taken == input.given && !input.size;

		if (rests != resting)
			set_policy(rests ? SCHED_IDLE : SCHED_OTHER);
		resting = rests;

		struct pollfd fds[] = {
			{ .fd = signals, .events = POLLIN },
			{ .fd = line, .events = POLLIN },
			{ .fd = child->output, .events = POLLIN },
			{ .fd = child->error, .events = POLLIN },
			{ .fd = input.size ? child->input : -1, .events = POLLOUT },
			{ .fd = child->rest, .events = POLLIN },
		};
		int ready = poll(fds, sizeof(fds) / sizeof(*fds), resting ? 0 : -1);

		if (ready == 0)
			keep_processor(&rest, input.frames);
		if (ready <= 0)
			continue;
		rest.quiet = 0;
		if (fds[1].revents & POLLIN)
			receive(&input, child, spec->use_pty);
		if (fds[2].revents && !forward(child->output, 'O'))
			child->output = -1;
		if (fds[3].revents && !forward(child->error, 'E'))
			child->error = -1;
		if (fds[4].revents)
			feed(&input, child);
		if (fds[5].revents)
			hear_rest(child, &rest);
		if ((fds[0].revents & POLLIN) && reap(signals, child->pid, &status)) {
			drain(child->output, 'O');
			drain(child->error, 'E');
			return status;
		}
	}
}

/* Tell the launcher which limits the kernel says have been met. */
static void tell_limits(void)
{
	static const char *const signs[] = { "raslab limit: processes", "raslab limit: written",
					     "Out of memory: Killed process" };
	static char log[1 << 18];
	int size = klogctl(3 /* SYSLOG_ACTION_READ_ALL */, log, sizeof(log) - 1);

	for (size_t i = 0; size > 0 && i < sizeof(signs) / sizeof(*signs); i++)
		if (strstr(log, signs[i]))
			send_frame('L', signs[i], strlen(signs[i]));
}

int main(void)
{
	static struct spec spec = { .cwd = "/" };
	struct child child;
	struct termios raw;
	sigset_t chld, before;

	read_spec("/spec", &spec);
	build_root(&spec);
	line = open("/dev/ttyS0", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (line < 0)
		fail("cannot open the serial line: %s", strerror(errno));
	tcgetattr(line, &raw);
	cfmakeraw(&raw);
	tcsetattr(line, TCSANOW, &raw);
	if (!spec.argc)
		fail("no command given");
	sethostname("raslab", strlen("raslab"));
	loopback_up();

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, &before);
	int signals = signalfd(-1, &chld, SFD_CLOEXEC);

	prctl(PR_SET_TIMERSLACK, 1); /* who sleeps wakes on time, and not up to 50 us later; all processes inherit it */
	if (spec.pause_s)
		sleep(spec.pause_s);
	spawn(&spec, &before, &child);
	send_frame('R', NULL, 0);
	int status = pump(&spec, &child, signals);

	sync();
	tell_limits();
	send_number('X', status);
	power_off();
}
