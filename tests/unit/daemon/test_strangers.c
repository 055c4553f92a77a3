/* SPDX-License-Identifier: GPL-3.0-or-later */
/* daemon/coord/strangers.c: what counts as one place. Who has how many is tried in test_bounds.c. */
#include "daemon/coord/strangers.h"

#include <arpa/inet.h>

#include "tests/unit/tap.h"

static const char *network_of(const char *text, char out[NETWORK_MAX])
{
	struct sockaddr_storage from = {0};
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&from;
	struct sockaddr_in *v4 = (struct sockaddr_in *)&from;

	if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1)
		from.ss_family = AF_INET6;
	else if (inet_pton(AF_INET, text, &v4->sin_addr) == 1)
		from.ss_family = AF_INET;
	stranger_network(&from, out);
	return out;
}

int main(void)
{
	char out[NETWORK_MAX];

	is_str(network_of("192.0.2.7", out), "192.0.2.7", "an IPv4 address is one place");
	is_str(network_of("::ffff:192.0.2.7", out), "::ffff:192.0.2.7", "also within IPv6");
	is_str(network_of("2001:db8:1:2:3:4:5:6", out), "2001:db8:1:2::", "of an IPv6 address the upper half");
	return done_testing();
}
