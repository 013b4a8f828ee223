/** The page that shows the locks as they change hands. */
@NullMarked
package io.latchkey.spring.page;

import org.jspecify.annotations.NullMarked;
