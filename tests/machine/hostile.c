/*
 * Stands in for a lab machine's kernel of which a hostile guest has got hold: it tries on this computer whatever comes
 * to mind, and prints for each vector "NAME done" or "NAME refused".
 *
 *     hostile VICTIM-FOLDER WORKING-FOLDER VICTIM-PROCESS ABSTRACT-SOCKET PORT
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static char text[4096];

static const char *in(const char *folder, const char *name)
{
	static char paths[4][1024];
	static int turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static void tell(const char *name, int done)
{
	printf("%s %s\n", name, done ? "done" : "refused");
	fflush(stdout);
}

static int opened(const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int reaches_unix(const char *name, int abstract)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(address.sun_path + abstract, name);
	return connect(fd, (struct sockaddr *)&address,
		       offsetof(struct sockaddr_un, sun_path) + abstract + strlen(name)) == 0;
}

static int reaches_tcp(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	return connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof(address)) == 0;
}

static int child_did(int (*deed)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(deed() ? 0 : 1);
	return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int makes_user_namespace(void) { return unshare(CLONE_NEWUSER) == 0; }
static int makes_mount_namespace(void) { return unshare(CLONE_NEWNS) == 0; }
static int runs_a_shell(void) { return execl("/bin/sh", "sh", "-c", "exit 0", NULL) == 0; }

int main(int argc, char **argv)
{
	if (argc < 6)
		return 1;
	const char *victim = argv[1], *work = argv[2];
	pid_t process = atoi(argv[3]);
	struct iovec here = { text, 1 }, there = { (void *)0x1000, 1 };

	tell("read-a-file", opened(in(victim, "secret"), O_RDONLY));
	tell("write-a-file", opened(in(victim, "secret"), O_WRONLY));
	tell("truncate-a-file", truncate(in(victim, "secret"), 0) == 0);
	tell("list-a-folder", opened(victim, O_RDONLY | O_DIRECTORY));
	tell("make-a-file", opened(in(victim, "made"), O_WRONLY | O_CREAT));
	tell("make-a-folder", mkdir(in(victim, "folder"), 0700) == 0);
	tell("make-a-link", symlink("secret", in(victim, "link")) == 0);
	tell("make-a-fifo", mkfifo(in(victim, "fifo"), 0600) == 0);
	tell("hard-link-out", link(in(victim, "secret"), in(work, "hard")) == 0);
	tell("hard-link-in", opened(in(work, "mine"), O_WRONLY | O_CREAT) && link(in(work, "mine"), in(victim, "hard")) == 0);
	tell("move-out", rename(in(work, "mine"), in(victim, "moved")) == 0);
	tell("remove-a-file", unlink(in(victim, "doomed")) == 0);
	tell("follow-a-link-out", opened(in(work, "way-out/secret"), O_RDONLY));
	tell("write-through-a-link", opened(in(work, "way-out/through"), O_WRONLY | O_CREAT));
	tell("change-a-mode", chmod(in(victim, "modest"), 0777) == 0);
	tell("change-an-attribute", setxattr(in(victim, "modest"), "user.mark", "x", 1, 0) == 0);
	tell("set-user-id", opened(in(work, "suid"), O_WRONLY | O_CREAT) && chmod(in(work, "suid"), 04755) == 0);
	tell("create-set-user-id", opened(in(work, "none"), O_RDONLY) ||
					   syscall(SYS_openat, AT_FDCWD, in(work, "suid2"), O_CREAT | O_WRONLY, 04755) >= 0);
	tell("device-node", mknod(in(work, "null"), S_IFCHR | 0666, makedev(1, 3)) == 0);
	tell("signal", kill(process, SIGUSR1) == 0);
	tell("trace", ptrace(PTRACE_ATTACH, process, 0, 0) == 0);
	snprintf(text, sizeof(text), "/proc/%d/mem", process);
	tell("memory-file", opened(text, O_RDWR));
	snprintf(text, sizeof(text), "/proc/%d/environ", process);
	tell("environment", opened(text, O_RDONLY));
	tell("write-memory", process_vm_writev(process, &here, 1, &there, 1, 0) == 1 || errno == EFAULT);
	tell("descriptor-of-another", syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, process, 0), 0, 0) >= 0);
	tell("limits-of-another", syscall(SYS_prlimit64, process, 7, NULL, text) == 0);
	tell("path-socket", reaches_unix(in(victim, "socket"), 0));
	tell("abstract-socket", reaches_unix(argv[4], 1));
	tell("network", reaches_tcp(atoi(argv[5])));
	tell("datagrams", socket(AF_INET, SOCK_DGRAM, 0) >= 0);
	tell("netlink", socket(AF_NETLINK, SOCK_RAW, 0) >= 0);
	tell("shared-memory", shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600) >= 0);
	tell("inherited-descriptor", fcntl(77, F_GETFD) >= 0);
	tell("type-into-a-terminal", ioctl(0, TIOCSTI, "x") == 0 || errno != EPERM);
	tell("user-namespace", child_did(makes_user_namespace));
	tell("mount-namespace", child_did(makes_mount_namespace));
	tell("run-a-program", child_did(runs_a_shell));
	memset(text, 0, sizeof(text));
	tell("bpf", syscall(SYS_bpf, 0, text, 64) >= 0 || errno != EPERM);
	tell("io-uring", syscall(SYS_io_uring_setup, 1, text) >= 0);
	tell("write-own-folder", opened(in(work, "kept"), O_WRONLY | O_CREAT));
	tell("read-the-system", opened("/etc/passwd", O_RDONLY));
	return 0;
}
