/** What roles, strangers, networks and nonsense can do, with real roles on a real server. */
@NullMarked
package io.latchkey.security;

import org.jspecify.annotations.NullMarked;
