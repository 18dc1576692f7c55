/**
 * Folders of the studies that this tab has asked for, by gallery and job: the service tells them to nobody before there is a
 * page.
 */
export const folderOf = new Map<string, string>();
